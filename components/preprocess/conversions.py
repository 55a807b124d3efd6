"""Warnings about values that the query's own conversions turned to NULL before a row came here."""

from artifacts.extract import ConversionLoss, Extract

MOST_CHARACTERS = 40  # of an example in a sentence


def conversion_warnings(extract: Extract) -> list[str]:
    """One for each SAFE_ conversion that lost values; on BigQuery nothing is counted."""
    return [_warning(loss) for loss in extract.losses or () if loss.nulls]


def _warning(loss: ConversionLoss) -> str:
    example = f", for example {loss.example[:MOST_CHARACTERS]!r}" if loss.example is not None else ""
    counts = f"{loss.nulls:,} of {loss.values:,} values of table {loss.table}"
    return f"{loss.expression} turns {counts} to NULL{example}: if they mean something, convert them in the SQL"
