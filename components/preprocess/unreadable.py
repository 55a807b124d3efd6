"""Texts that should be numbers and are not: which ones, and how the SQL can convert them."""

import re
from collections.abc import Sequence

NUMBER = r"[-+]?\d+(\.\d+)?"
# The form of a text -> what it has, and SQL over {column} that reads it. The first form that most examples have counts.
FORMS = {
    r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?": ("thousands separators", "SAFE_CAST(REPLACE({column}, ',', '') AS FLOAT64)"),
    r"[-+]?\d{1,3}( \d{3})+(\.\d+)?": ("spaces between thousands", "SAFE_CAST(REPLACE({column}, ' ', '') AS FLOAT64)"),
    r"[-+]?\d{1,3}(\.\d{3})+,\d+": (
        "points between thousands and a decimal comma",
        "SAFE_CAST(REPLACE(REPLACE({column}, '.', ''), ',', '.') AS FLOAT64)",
    ),
    r"[-+]?\d+,\d+": ("a decimal comma", "SAFE_CAST(REPLACE({column}, ',', '.') AS FLOAT64)"),
    rf"{NUMBER} ?%": ("a percent sign", "SAFE_CAST(REPLACE({column}, '%', '') AS FLOAT64) / 100"),
}


def remedy(column: str, texts: Sequence[str]) -> str:
    """What to write in the SQL for texts like these examples."""
    for form, (what, sql) in FORMS.items():
        if 2 * sum(bool(re.fullmatch(form, text.strip())) for text in texts) > len(texts):
            return f"{column} has {what}: write {sql.format(column=column)} in the SQL"
    if texts and not any(re.search(r"\d", text) for text in texts):
        return f"If it means that {column} is missing, write NULLIF({column}, {_sql(texts[0])}) in the SQL"
    return f"Take the number out of {column} in the SQL, or make it NULL where there is none"


def _sql(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
