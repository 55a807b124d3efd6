"""The image of a promoted model; the work is done in build/.

component.py  the step
check.py      base image and keys, looked at before a model is trained
"""
