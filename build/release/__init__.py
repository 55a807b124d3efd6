"""Releases of a model: numbered tags of images that were verified as a whole.

releases.py      lists, finds and numbers releases
promote.py       makes a release, or goes back to the one before
fetch.py         brings a released bundle back into a folder
verify_image.py  verifies an image before either
model_layer.py   fetches and unpacks its model layer
image_start.py   how it starts, by its config
"""
