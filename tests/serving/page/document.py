"""A page as a tree of elements: what a browser would build of it, as far as tests ask."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from serving.page.markup import VOID


@dataclass
class Node:
    """An element; `text` is all text in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inside: list["Node"] = field(default_factory=list)

    def all(self, *tags: str) -> list["Node"]:
        """The elements below, in the order of the page; all of them without a tag."""
        below = [node for child in self.inside for node in (child, *child.all())]
        return [node for node in below if not tags or node.tag in tags]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("", {})]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        for node in self.open:
            node.text += data


def parse(html: str) -> Node:
    """The document. Every element must be closed in its place."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    (root,) = builder.open
    return root
