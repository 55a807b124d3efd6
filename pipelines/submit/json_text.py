"""Values of a service as text."""

import json


def json_text(value: object) -> str:
    """A text as it is, anything else as JSON; a whole number never as 3.0."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
