"""The end of a run with several models.

component.py       the step
fleet_conclude.py  prints every outcome, and makes the run red
"""
