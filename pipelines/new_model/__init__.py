"""A first spec.yaml and training.sql from a table's own columns: `kamado new`.

new_model.py  looks at the arguments, and writes the draft
make.py       from a table to a draft
table.py      the table that is named
reading.py    its rows and columns
profile.py    statistics of the columns
names.py      their names
label.py      the label as 0 or 1
roles.py      which columns are list, item, user, position
kinds.py      which columns are features, and of what kind
ranges.py     reject rules from quantiles
draft.py      all decisions, as spec.yaml and training.sql
dry_run.py    runs preprocess with a draft until it passes
summary.py    the decisions on one screen
"""
