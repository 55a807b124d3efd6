"""Markup from Python: what is text stays text."""

import pytest

from serving.page.markup import Html, element, join, table
from serving.page.text import number, percent, plural, quoted

HOSTILE = '<b title="x">&amp;\''
ESCAPED = "&lt;b title=&quot;x&quot;&gt;&amp;amp;&#x27;"


def test_text_and_attributes_are_escaped():
    assert element("p", HOSTILE, title=HOSTILE).text == f'<p title="{ESCAPED}">{ESCAPED}</p>'


def test_markup_is_not_escaped_again():
    assert element("p", element("i", HOSTILE), join("a", None, Html("<br>"))).text == f"<p><i>{ESCAPED}</i>a<br></p>"


def test_names_and_values_of_attributes():
    markup = element("input", for_="a", aria_label="b", novalidate=True, list=None, selected=False)
    assert markup.text == '<input for="a" aria-label="b" novalidate>'


def test_the_cells_of_a_table_name_their_column():
    markup = table("Bounds", ("Rule", HOSTILE), [(HOSTILE, None)]).text
    assert f'<th scope="col">{ESCAPED}</th>' in markup
    assert f'<tr><th scope="row">{ESCAPED}</th><td data-label="{ESCAPED}"></td></tr>' in markup


def test_quoted_names_are_code():
    assert quoted("Probability of `<b>` here.").text == "Probability of <code>&lt;b&gt;</code> here."


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (3.0, "3"), (1234567.0, "1,234,567"), (123456.7, "123,457"), (0.123456789, "0.12346")],
)
def test_numbers_for_people(value, text):
    assert number(value) == text


def test_shares_and_counts_for_people():
    assert (percent(0.123456), plural(1, "tree"), plural(1200, "tree")) == ("12.35 %", "1 tree", "1,200 trees")
