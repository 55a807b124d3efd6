"""What every package shares, and imports nothing of the others.

spec/          what is asked of a model: spec.yaml and its SQL
bundle/        what a trained model is on disk, and how it scores
errors.py      problems, and the errors that carry them
expression.py  arithmetic over columns, for DuckDB and numpy alike
files.py       files and folders that appear complete or not at all; strict JSON
interrupt.py   an interrupt ends a command without a traceback
sql.py         names, texts and numbers as DuckDB's SQL
text.py        text of others, made safe to print
version.py     the version of this code
"""
