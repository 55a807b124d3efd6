"""Rejected rows and the three splits, in DuckDB over Parquet.

component.py       the step
preprocess.py      all of it, in order
duckdb_session.py  DuckDB, set up to work out of core
columns.py         columns as the spec declares them; unreadable.py has texts that are not numbers
rules.py           the rules that reject a row
rejection.py       how many rows each rejects
identity.py        what identifies a row, and its copies
splitter.py        train, calibration and test
split_problems.py  splits that cannot be used
label_checks.py    labels and positions that cannot be used
leaks.py           features that leak the label
not_finite.py      counts of NaN and infinity
conversions.py     warnings about values that the query's conversions lost
"""
