"""Sources of rows.

source.py         what every source can do
open.py           opens one by its name
bigquery.py       tables in BigQuery; bigquery_errors.py has its errors as problems
duckdb_files.py   files read by DuckDB; duckdb_errors.py has its errors as problems
tables.py         the files of a table
csv_file.py       CSV files
csv_types.py      the types of their columns
csv_hints.py      why a column of theirs is text
"""
