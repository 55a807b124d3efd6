"""Text from files reaches a terminal without anything that could steer it."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import BundleError, Problem
from model.text import has_controls, is_control, printable

HOSTILE = {
    "a terminal's escape sequence": ("\x1b[2Jrent", r"\x1b[2Jrent"),
    "a line that is not there": ("rent\n  [ok] all is well", r"rent\n  [ok] all is well"),
    "a carriage return that hides what stands before it": ("refused\rpassed ", r"refused\rpassed "),
    "letters in another order": ("a\u202eb\u2066c", r"a\u202eb\u2066c"),
    "a C1 control, which 8-bit terminals obey": ("\x9b31m", r"\x9b31m"),
    "a separator of lines": ("a\u2028b\u2029c", r"a\u2028b\u2029c"),
    "a byte of a file name that is not UTF-8": ("a\udcffb", r"a\udcffb"),
    "a tag that nobody sees": ("rent\U000e0041", r"rent\U000e0041"),
}


@pytest.mark.case("text from a file that would steer a terminal")
@pytest.mark.parametrize("name", HOSTILE)
def test_control_characters_are_written_as_escapes(name, outcome):
    text, printed = HOSTILE[name]
    assert printable(text) == printed
    problem = Problem(text, text, text, text)
    message = str(BundleError(problem))
    assert message.splitlines() == [
        "the bundle was refused, 1 problem(s):",
        f"  [{printed}] {printed}: {printed}. {printed}",
    ]
    outcome(printed)


@pytest.mark.parametrize("text", ["", "rent", "家賃　7.5万円", "Größe é ñ", "1 000", "👍", "a\\n"])
def test_what_people_write_stays_as_it_is(text):
    assert printable(text) == text
    assert not has_controls(text)


@given(st.text(alphabet=st.characters()))
def test_nothing_that_steers_is_left_and_a_second_time_changes_nothing(text):
    printed = printable(text)
    assert not has_controls(printed)
    assert printable(printed) == printed
    assert (printed != text) == has_controls(text)
    printed.encode()  # no surrogate is left, so every stream can write it


def test_every_ascii_control_is_one():
    assert [code for code in range(128) if is_control(chr(code))] == [*range(32), 127]
    assert sum(map(is_control, map(chr, range(sys.maxunicode + 1)))) > 100_000
