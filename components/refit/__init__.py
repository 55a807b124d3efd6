"""The model that ships: the promoted recipe, trained again on every row, and checked against the model that was judged.

component.py   the step
refit.py       what ships
retrain.py     all stages of the refit
rows.py        the rows to learn from, and those that check it
model.py       the fit, calibrated on rows that its members had not seen
comparison.py  both models on the newest rows
rules.py       what must agree, and within which bounds
bundle.py      the bundle of the refit
"""
