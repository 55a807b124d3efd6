"""Rejected rows and the three splits, in DuckDB over Parquet.

component.py       the step
preprocess.py      all of it, in order
duckdb_session.py  DuckDB, set up to work out of core
columns.py         the columns of extract's file, and of the splits
rejection.py       how many rows each rule rejects; unreadable.py has texts that are not numbers
identity.py        what identifies a row, and its copies
splitter.py        train, calibration and test
split_problems.py  splits that cannot be used
label_checks.py    labels and positions that cannot be used
leaks.py           features that leak the label
not_finite.py      counts of NaN and infinity
conversions.py     warnings about values that the query's conversions lost
"""
