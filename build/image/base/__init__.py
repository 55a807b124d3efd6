"""The server that a model is laid on: given, or made here from Debian packages, or none.

choose.py      which of the three
registry.py    given as HOST/REPOSITORY:TAG, read over HTTP
folder.py      given as oci:FOLDER:TAG
made.py        made: Debian's Python (debian.py), the locked libraries (libraries.py), our own code (code.py)
"""
