"""What every package shares, and imports nothing of the others.

spec/                what is asked of a model: spec.yaml and its SQL
bundle/              what a trained model is on disk, and how it scores
booster/             its trees, read without XGBoost
kernel/              the compiled library that scores, and a model as its arrays
arithmetic.py        exp and log1p with the same bits on every machine
arrays.py            the types of matrices and vectors of rows
digest.py            a SHA-256 as documents write it
errors.py            problems, and the errors that carry them
exit_codes.py        what an exit code of a command means
expression.py        arithmetic over columns, for DuckDB and numpy alike
files.py             files and folders that appear complete or not at all; strict JSON
interrupt.py         an interrupt ends a command without a traceback
progress.py          how logic reports how far it is
sql.py               names, texts and numbers as DuckDB's SQL
text.py              text of others, made safe to print
verdict_sentences.py what each verdict means
version.py           the version of this code
"""
