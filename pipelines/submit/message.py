"""Messages of services."""

MOST_TEXT = 400  # signs: some repeat the whole cause in it


def short(text: str) -> str:
    """On one line."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
