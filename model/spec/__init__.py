"""The model spec: spec.yaml and its SQL, read and checked.

types.py      the keys of a spec
end_day.py    the end of a run's window, as it is written
values.py     what single values may be
reader.py     reads a spec, with every problem of both files
messages.py   Pydantic's errors as problems
columns.py    whether the columns of the rows fit the spec
reference.py  docs/spec.md and docs/spec.schema.json: `python -m model.spec.reference docs`
"""
