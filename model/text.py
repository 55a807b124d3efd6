"""Text that somebody else wrote, made safe to print.

A manifest, a tag or a file name may hold escape sequences that move the cursor, recolour a terminal, or turn the order
of the letters round, and so show a reader another text than the one that is there.
"""

import re
import unicodedata

_PLAIN = re.compile(r"[ -~]*")  # nearly every text: no letter has to be looked up


def printable(text: str) -> str:
    r"""The text in one line, with every control character written as its escape: `\x1b`, `\n`, `\u202e`.

    Controls are Unicode's category C (control, format, surrogate, private use, unassigned) and the separators of lines
    and paragraphs. All other letters stay, as do spaces that are not ASCII's (U+3000 is everyday Japanese). Applying it
    twice changes nothing more.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_escape(letter) if is_control(letter) else letter for letter in text)


def is_control(letter: str) -> bool:
    category = unicodedata.category(letter)
    return category[0] == "C" or category in ("Zl", "Zp")


def has_controls(text: str) -> bool:
    """Whether `printable` would change the text."""
    return not _PLAIN.fullmatch(text) and any(map(is_control, text))


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
