"""Rows from the model's GoogleSQL.

component.py       the step
extract.py         runs the query and writes its rows
parquet_writer.py  their files
window.py          the window of time
sources/           where rows come from: BigQuery, or files read by DuckDB
googlesql/         the portable subset of GoogleSQL, and its translation to DuckDB
"""
