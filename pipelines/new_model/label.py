"""The label as 0 or 1, written as SQL over the column that LABEL names."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.errors import DataError, Problem
from pipelines.new_model.names import one_line

YES_AND_NO = ({"yes", "no"}, {"y", "n"}, {"true", "false"}, {"t", "f"}, {"1", "0"})
YES = {"yes", "y", "true", "t", "1"}
VALUES = 12  # different values that are read
NUMBERS = ("INT64", "FLOAT64")
LabelValue = str | bool | float | None


@dataclass(frozen=True)
class LabelColumn:
    """The column of the table, and the value that counts as a conversion where LABEL names one (LABEL=state=sold)."""

    column: str
    value: str | None = None


def find_label(text: str, columns: Sequence[str]) -> LabelColumn:
    """Raises DataError, with the nearest names, for a column that the table does not have."""
    name, equals, value = text.partition("=")
    for candidate, conversion in ((text, None), (name, value if equals else None)):
        if column := _column(candidate, columns):
            return LabelColumn(column, conversion)
    near = [one_line(column) for column in difflib.get_close_matches(name, columns, 3, 0.5)]
    existing = ", ".join(one_line(column) for column in columns[:30])
    hint = f"Did you mean {' or '.join(near)}?" if near else f"The columns are: {existing}"
    where = f"LABEL={one_line(text)}" if text else "LABEL"
    raise DataError(Problem(where, "is not a column of the table" if text else "is missing", hint, "label-missing"))


def _column(name: str, columns: Sequence[str]) -> str | None:
    """The exact name, else one in another case, else one that BigQuery would write so (`emp.var` becomes `emp_var`)."""
    if name in columns:
        return name
    by_name = {re.sub(r"\W", "_", column).lower(): column for column in reversed(columns)}
    return by_name.get(re.sub(r"\W", "_", name).lower()) if name else None


def label_sql(label: LabelColumn, kind: str, column_sql: str, counts: Mapping[LabelValue, int], *, more: bool) -> str:
    """SQL that is 0 or 1 in every row. `counts` are rows by value; `more`: there are other values.

    Raises DataError for a label with missing values, of one value only, or that could be read in two ways.
    """
    where = f"LABEL={one_line(label.column)}"
    if missing := counts.get(None, 0):
        hint = "Leave such rows out of the table, or fill the label in"
        raise DataError(
            Problem(where, f"is missing in {missing:,} of {sum(counts.values()):,} rows", hint, "label-null")
        )
    values = [value for value in counts if value is not None]
    if len(values) == 1 and not more:
        hint = "A model needs rows with a conversion and rows without one"
        raise DataError(Problem(where, f"is {_text(values[0])} in every row", hint, "label-constant"))
    examples = f"{', '.join(_text(value) for value in values[:VALUES])}{' and others' if more else ''}"
    if label.value is not None:
        return _equals(label, kind, column_sql, values, examples)
    if kind == "BOOL" or (kind in NUMBERS and set(values) == {0, 1} and not more):
        return column_sql
    if kind == "STRING" and not more and (sql := _yes_or_no(column_sql, [str(value) for value in values])):
        return sql
    example = _text(values[0] if len(values) < 2 else values[1]).strip("'")
    hint = f"Name the value that is the conversion, for example: LABEL='{label.column}={example}'"
    raise DataError(Problem(where, f"is not 0 or 1 (found {examples})", hint, "label-values"))


def _yes_or_no(column_sql: str, values: Sequence[str]) -> str | None:
    """An IF for texts such as Yes and No, in any case and with blanks around them; None for other texts."""
    plain = {value.strip().lower() for value in values}
    if plain not in YES_AND_NO:
        return None
    (yes,) = plain & YES
    written = {value for value in values if value.strip().lower() == yes}
    if len(values) == 2:
        return f"IF({column_sql} = {googlesql_literal(written.pop())}, 1, 0)"
    return f"IF(LOWER(TRIM({column_sql})) = {googlesql_literal(yes)}, 1, 0)"


def _equals(label: LabelColumn, kind: str, column_sql: str, values: Sequence[LabelValue], examples: str) -> str:
    match = next((value for value in values if value == _read(str(label.value), kind)), None)
    if match is None:
        where = f"LABEL={one_line(label.column)}={one_line(str(label.value))}"
        raise DataError(
            Problem(
                where, "is not a frequent value of the column", f"The values are: {examples}", "label-value-missing"
            )
        )
    if kind == "BOOL":
        return f"IF({column_sql}, {'1, 0' if match else '0, 1'})"
    return f"IF({column_sql} = {googlesql_literal(match) if isinstance(match, str) else f'{match:.15g}'}, 1, 0)"


def _read(text: str, kind: str) -> LabelValue:
    if kind == "BOOL":
        return {"true": True, "false": False}.get(text.lower())
    if kind in NUMBERS:
        try:
            return float(text)
        except ValueError:
            return None
    return text


def googlesql_literal(text: str) -> str:
    """A text as GoogleSQL: quotes and backslashes escaped, control characters by their number."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped) + "'"


def _text(value: LabelValue) -> str:
    return f"'{one_line(value, 30)}'" if isinstance(value, str) else f"{value:.15g}" if value is not None else "missing"
