"""GoogleSQL on DuckDB: translated where the meaning stays the same, refused where it does not.

parse.py             from a query to its translation
allowed.py           the functions that pass
unsupported.py       uses of them that do not
annotation.py        the type of every expression; types.py and type_families.py name the types
coercion.py          implicit conversions
safe_casts.py        conversions that give NULL where they fail, counted
text_casts.py        values written as text
date_formats.py      PARSE_ and FORMAT_ functions
aliases.py           names of the SELECT list in other clauses
window_functions.py  named windows
row_order.py         answers that depend on the order of rows
nan_semantics.py     NaN
rewrite.py           functions of one name and two meanings
duckdb_macros.py     the connection that runs a translation
csv_forms.py         the types that BigQuery finds in a CSV file
table_scans.py       how a query reads each table: its columns, and their bounds
messages.py          a problem with one expression
reference.py         docs/googlesql.md
"""
