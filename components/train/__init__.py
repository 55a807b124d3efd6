"""A bundle from the splits, with the baselines beside it.

component.py       the step
train.py           all stages
stages.py          their progress
inputs.py          what every stage reads: split_rows.py, in the arrays of row_arrays.py, and learn_features.py
engine.py          what trains the trees, for all stages; local_engine.py does it in this process
search.py          the search for a setting, in the space of candidates.py
validation.py      the folds that judge a setting; rounds.py boosts it on them
budget.py          what the search has used; journal.py keeps its trials
boosting.py        XGBoost's parameters and margins, as training uses them
ensemble.py        one model for each fold, merged
linear.py          the logistic regression
calibrate.py       the calibration
fitted_model.py    the better of trees and logistic regression
baselines.py       what every model must beat
manifest.py        the manifest
golden.py          the golden rows
"""
