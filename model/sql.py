"""Names, texts and numbers as DuckDB's SQL."""


def quoted(name: str) -> str:
    """A column's or table's name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a string literal."""
    return "'" + text.replace("'", "''") + "'"


def number(value: float) -> str:
    """A number that DuckDB reads to the same bits: a bare 0.1 would be a DECIMAL on its way to a DOUBLE."""
    return f"CAST('{float(value)!r}' AS DOUBLE)"
