"""OCI images, and where they are.

image.py             an image as data: blobs, config, manifest
image_config.py      its config
json_documents.py    manifests, indexes and descriptors
layer.py             writes a layer; archive.py reads one
store.py             what every store can do; store_address.py reads an address, open_store.py and
                     open_registry.py open one
layout.py            a folder as a store
registry.py          a registry as a store
ecr.py               AWS ECR as a store; ecr_api.py is its API, tag_mutability.py its rules for tags
publish.py           the order in which an image is written to a store
referrers.py         documents attached to an image
reference.py         the name of an image in a registry
registry_client.py   the distribution API of one repository
registry_session.py  its HTTP: credentials.py, retry.py, deadline.py, responses.py, upload_body.py
redact.py            addresses without their secrets
hashing_reader.py    bytes that are hashed while they are read
tempdir.py           temporary folders of builds
file_lock.py         one holder at a time on this machine
"""
