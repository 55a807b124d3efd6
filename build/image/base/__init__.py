"""The server that a model is laid on: named, or built on this machine from Debian packages, or none.

resolve.py       which of the three
named_base.py    named as HOST/REPOSITORY:TAG or oci:FOLDER:TAG, read by read_base.py through blob_cache.py
build_base.py    built: Debian's Python (server_root.py), locked libraries (wheels.py), what is compiled of them
                 (bytecode.py), the kernel's library (kernel_layer.py), our own code (source_layer.py)
debian.py        which packages of Debian, resolved by apt.py and unpacked by deb.py
layer_cache.py   layers of a built base, cached by their key
"""
