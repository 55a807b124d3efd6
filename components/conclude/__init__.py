"""The end of a run that builds no image.

component.py  the step
conclude.py   says why there is no image
"""
