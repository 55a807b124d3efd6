"""docs/googlesql.md, generated from the tables that decide which queries pass.

python -m components.extract.googlesql.reference docs
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from collections.abc import Iterable
from pathlib import Path

from components.extract.googlesql import row_order as order
from components.extract.googlesql.allowed import INSTEAD, REFUSED_NAMES, SUPPORTED, USUAL
from components.extract.googlesql.csv_forms import FORMS
from components.extract.googlesql.date_formats import FORMAT_ELEMENTS, PARSE_ELEMENTS
from components.extract.googlesql.unsupported import UNSUPPORTED
from model.files import write_atomically

_HEAD = """# GoogleSQL that means the same on BigQuery and on files

A spec has one query, in GoogleSQL. It may use what is on this page. Everything else is refused by name, with what to
write in its place, on files and on BigQuery alike. The documented answers of every function below are in
[the tables of answers](../tests/extract/googlesql/README.md). `make fix` writes this page.

"""
_NAMES = """## Names

`GROUP BY`, `HAVING`, `QUALIFY` and `ORDER BY` take a name of the SELECT list before a column of the same name, also in
`ROLLUP`, `CUBE` and `GROUPING SETS`; inside an aggregate a name is a column. `WHERE` and the SELECT list itself cannot
use the SELECT list's names. `@start` and `@end` are TIMESTAMPs.

Members of a STRUCT in an array of FROM are names of their own: `FROM t, UNNEST(event_params) WHERE key = 'page'`.
`t_*` is every table whose name starts with `t_`, with the columns of the last one, and `_TABLE_SUFFIX` the rest of the
name. `WITH RECURSIVE` fails above 500 iterations, on files as on BigQuery.

## Types that can be combined

All numbers can be combined; STRING, BOOL, BYTES, DATE, DATETIME, TIMESTAMP and TIME only with themselves: in
comparisons, `IN`, `BETWEEN`, `CASE`, `IF`, `COALESCE`, `USING` and `UNION`, and as arguments of functions. A text
literal beside a date or time is read as one. A condition is a BOOL. Implicit conversions of DuckDB are refused, for
example of a DATETIME beside `@start` (write `TIMESTAMP(x)`). BigQuery refuses most of these too. A STRUCT or ARRAY is
compared with none: write `a.x = b.x AND a.y = b.y`.

"""
_FORMS = """## Texts that are read as dates and times

`CAST` and `SAFE_CAST` read the forms of GoogleSQL's literals: `2026-01-31`, `2026-01-31 09:00:00[.123456]` (or with a
`T`), and for a TIMESTAMP a `Z`, `+09:00`, `+09` or ` Asia/Tokyo` behind it. Other texts fail, or are NULL under
`SAFE_`. A form that only one of the engines may read (no seconds, a `z` in lower case, `+9`) fails in both. `PARSE_`
functions have the same three answers. How many values each safe conversion turned to NULL is in `extract.json`
(`losses`), beside the rows of each table (`table_rows`).

"""
_TEXTS = """## Values that become texts

The engines write FLOAT64, decimals, TIMESTAMP, DATETIME, TIME and BYTES as other texts, so these are refused in
`CAST(x AS STRING)`, `CONCAT` and `TO_JSON_STRING`, and so in hashes over them; INT64 beyond 2^53 in `TO_JSON_STRING`.
INT64, BOOL and DATE pass. `UPPER` of letters without one capital of their own (`ß`, `ﬁ`) fails, and so does `LOWER` of
`İ` and `Σ`.

## Sums of floats

A query that adds floats (`SUM`, `AVG`, `STDDEV`, `STDDEV_SAMP`, `VARIANCE`, `CORR` and their kin) runs in one
thread, in the order of the files, so that its last digits are the same every time. On BigQuery they may vary.

A sum, product or quotient beyond 1.8e308 fails on BigQuery. On files it is infinite: preprocess counts such values and
names the column.

"""
_FILES = """## Files

A Parquet column has the type that a load into BigQuery gives it: all integers are INT64 (an unsigned one beyond it is
refused by name), a timestamp with a zone is a TIMESTAMP, one without is a DATETIME, nanoseconds are cut, and an array
that is NULL is empty. A CSV column has the first type of this table that all of its values have:

"""


def page() -> bytes:
    """The page as UTF-8."""
    parts = [_HEAD, "## Functions\n\n", *map(_group, SUPPORTED.items()), "\n", _formats(), _NAMES, _FORMS, _TEXTS]
    return "".join([*parts, _ordered(), _refused(), _FILES, _csv()]).encode()


def _group(group: tuple[str, dict[str, str]]) -> str:
    title, functions = group
    names = sorted(name for spelling in functions.values() for name in _split(spelling))
    return f"- **{title}**: {', '.join(f'`{name}`' for name in names)}\n"


def _split(spelling: str) -> list[str]:
    """The names of one class of sqlglot; a name with arguments is one name."""
    return [spelling] if "(" in spelling else [name for name in spelling.split(", ") if name]


def _formats() -> str:
    rows = [f"| `PARSE_{kind}` | {_elements(known)} |" for kind, known in PARSE_ELEMENTS.items()]
    rows.append(f"| `FORMAT_` functions | {_elements(FORMAT_ELEMENTS)} |")
    head = (
        "Elements of formats; `%F`, `%T`, `%R`, `%D`, `%x` and `%X` stand for others. `SAFE.` goes before\n"
        "`PARSE_`, `SUBSTR`, `LEFT`, `RIGHT`, `LPAD`, `RPAD` and `REPEAT`.\n"
    )
    return "\n".join([head, "| function | elements |", "|---|---|", *rows, "", ""])


def _elements(known: Iterable[str]) -> str:
    return " ".join(f"`%{element}`" for element in known)


def _ordered() -> str:
    return f"""## Rows have no order

- `ROW_NUMBER`, `NTILE`, `RANK`, `DENSE_RANK`, `LAG`, `LEAD`, `FIRST_VALUE`, `LAST_VALUE`, ROWS frames, and `ARRAY_AGG`:
  {order.ADD_ORDER}.
- `ARRAY(SELECT …)`, and LIMIT after DISTINCT, QUALIFY or UNION: {order.ORDER_BY_ALL}.
- Where rows are tied in an order, and that decides the answer of a window, a LIMIT, `ARRAY_AGG`, `STRING_AGG`,
  `MAX_BY`, `MIN_BY` or `ANY_VALUE`, the query fails on files. Add a column that differs between such rows as
  the last key.

"""


def _refused() -> str:
    constructs = [*UNSUPPORTED.items(), *((REFUSED_NAMES[kind], hint) for kind, hint in INSTEAD.items())]
    escaped = [(name.replace("|", r"\|"), hint.replace("|", r"\|")) for name, hint in sorted(constructs)]
    rows = [f"| `{name}` | {hint} |" for name, hint in escaped]
    rows.append(f"| any other function | {USUAL} |")
    return "\n".join(
        ["## Refused, and what to write in its place", "", "| construct | instead |", "|---|---|", *rows, "", ""]
    )


def _csv() -> str:
    rows = [f"| {form.google} | {form.description} |" for form in FORMS.values()]
    tail = """| STRING | everything else: `t`, `yes`, `01/02/2026`, `2026/01/31 09:00`, a date beside a time |

An empty field is NULL; a quoted one (`""`) is an empty text, and NULL in a column of another type. The first line names
the columns, each once whatever its case, separated by `,` `;` `|` or a tab.
"""
    return "\n".join(["| type | values |", "|---|---|", *rows, tail])


def main(folder: str) -> None:
    write_atomically(Path(folder) / "googlesql.md", page())


if __name__ == "__main__":
    main(*sys.argv[1:])
