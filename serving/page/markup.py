"""HTML in which every text is escaped where it is put in: a name out of a bundle stays a text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

VOID = frozenset({"input", "meta", "link"})


@dataclass(frozen=True)
class Html:
    """Markup as it stands."""

    text: str


Child = Html | str | None
Attribute = str | bool | None


def element(tag: str, *children: Child, **attributes: Attribute) -> Html:
    """`<tag …>children</tag>`. Strings are escaped, None is left out.

    "_" in an attribute's name is "-", and a last one is dropped: class_, for_. True is an attribute without a value;
    None and False leave it out.
    """
    head = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in VOID:
        return Html(f"<{tag}{head}>")
    return Html(f"<{tag}{head}>{join(*children).text}</{tag}>")


def join(*children: Child) -> Html:
    """Children without an element around them."""
    return Html("".join(_markup(child) for child in children))


def table(name: str, heads: Sequence[str], rows: Iterable[Sequence[Child]]) -> Html:
    """The first cell of a row is its head. Cells carry the name of their column: on narrow screens a row is a block."""
    columns = [element("th", head, scope="col") for head in heads]
    return element(
        "table",
        element("thead", element("tr", *columns)),
        element("tbody", *(_row(heads, row) for row in rows)),
        aria_label=name,
    )


def code(text: str) -> Html:
    return element("code", text)


def _row(heads: Sequence[str], cells: Sequence[Child]) -> Html:
    first = element("th", cells[0], scope="row")
    return element(
        "tr", first, *(element("td", cell, data_label=head) for head, cell in zip(heads[1:], cells[1:], strict=True))
    )


def _markup(child: Child) -> str:
    if isinstance(child, Html):
        return child.text
    return "" if child is None else escape(child)


def _attribute(name: str, value: Attribute) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
