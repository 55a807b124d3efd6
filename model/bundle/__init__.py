"""A trained model: a folder of three files, which FORMAT.md describes, and how it scores.

bundle.py          reads and writes the folder
folder.py          its files on disk, and their digest
manifest.py        manifest.json
golden.py          golden.json
booster.py         imports XGBoost as the server's image has it
features.py        the inputs, and the matrix of their values
linear.py          the linear part
calibration.py     correction of the sampling, and calibration
bounds.py          the limits of what the model was trained on
predictor.py       scores with all parts
row_scorer.py      scores and flags rows of numbers, for servers
contributions.py   what each feature adds to the log odds of a row
margin_range.py    how far its log odds can reach
field_problems.py  Pydantic's errors as problems
"""
