"""Rows from the model's GoogleSQL.

component.py       the step
extract.py         runs the query and writes its rows
typed_select.py    the rows as the spec declares them, with keys and the rules that they break
row_files.py       their file, for preprocess
parquet_writer.py  files of rows as the query gave them, for `make new`
window.py          the window of time
sources/           where rows come from: BigQuery, or files read by DuckDB
googlesql/         the portable subset of GoogleSQL, and its translation to DuckDB
"""
