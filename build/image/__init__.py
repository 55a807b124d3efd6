"""An image: a server base and one model layer.

build.py        all stages, from bundle and verdict to a tag
request.py      what a caller asks of a build
base/           the server base of a build
base_images/    the base images of server and steps, built by a container engine
model_layer.py  the layer of the model, and what the image starts
labels.py       the labels
build_tag.py    the tag
assemble.py     the image, as data
smoke_test/     starts it before it gets its tag
attest/         the documents attached to it
publish.py      into a store, the tag last
"""
