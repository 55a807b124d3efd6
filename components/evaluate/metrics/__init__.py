"""Metrics of scored test rows.

scalars.py              single numbers of the new model
tables.py               tables that compare candidates
candidate_names.py      keys of candidates and curves
probability.py          the quality of probabilities; thresholds.py counts above each threshold
probability_curves.py   the same as curves
ranking.py              the quality of an order; ties.py has the order of equal rows
examination_source.py   the rows behind the examination curve; curve_draws.py has curves as they may be
expected_conversions.py conversions of other orders, by the rows of pooled_orders.py and conditional_logit.py
off_policy.py           weights of single rows, and their clip
paired_comparison.py    candidates against each other; bootstrap.py has the intervals
slices.py               how a column is cut into slices; slice_results.py compares them
directions.py           whether declared directions hold
importance.py           what the model relies on
drift.py                how the inputs moved from training to test
"""
