"""GoogleSQL on DuckDB: translated where the meaning stays the same, refused where it does not.

parse.py             from a query to its translation
allowed.py           the functions that pass
unsupported.py       uses of them that do not
syntax_errors.py     a query that cannot be read
messages.py          a problem with one expression, and its place in the file

Names
array_sources.py     UNNEST in FROM
value_tables.py      members of STRUCTs as columns
table_suffix.py      events_* and _TABLE_SUFFIX
aliases.py           names of the SELECT list in other clauses
pivot.py             PIVOT and UNPIVOT as GROUP BY and UNION ALL
recursion.py         WITH RECURSIVE, counted

Types
annotation.py        the type of every expression; types.py and type_families.py name the types
coercion.py          implicit conversions; conversion_hints.py says what to write
safe_casts.py        conversions that give NULL where they fail, counted
text_casts.py        values written as text

Order
window_functions.py  named windows
row_order.py         answers that depend on the order of rows
list_order.py        ARRAY_AGG and STRING_AGG

DuckDB
rewrite.py           functions of one name and two meanings; function_calls.py calls macros
date_formats.py      PARSE_ and FORMAT_ functions; text_formats.py has FORMAT
nan_semantics.py     NaN
duckdb_macros.py     the connection that runs a translation, and its macros: cast_, order_ and value_macros.py
csv_forms.py         the types that BigQuery finds in a CSV file
table_scans.py       how a query reads each table: its columns, and their bounds
reference.py         docs/googlesql.md
"""
