"""The end of a run.

component.py  the step
conclude.py   prints the outcome with its reasons; a run that must be red fails here
"""
