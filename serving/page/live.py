"""What the server has done since its start. The script fills it in from /metrics."""

from serving.page.heading import tile
from serving.page.markup import Html, element
from serving.page.text import NOTHING

TILES = (
    ("rows", "rows scored"),
    ("rate", "rows a second"),
    ("median", "latency of /predict, median"),
    ("tail", "latency of /predict, 99th percentile"),
    ("in-flight", "requests in flight"),
    ("refused", "requests refused"),
)
TABLES = (("reasons", "Refused, by reason"), ("flagged", "Flagged rows, by flag and input or rule"))


def live_section() -> Html:
    tables = [
        element("div", element("h3", title), element("dl", id=name, class_="counts"), class_="card")
        for name, title in TABLES
    ]
    return element(
        "section",
        element(
            "div",
            element("h2", "Live", id="live"),
            element("span", "reading", id="pulse", class_="pill"),
            element("button", "Pause", type="button", id="pause", class_="quiet", aria_pressed="false"),
            class_="head",
        ),
        element("p", "Since this server started; every two seconds, from /metrics.", class_="note"),
        element("dl", *(tile(NOTHING, meaning, live=name) for name, meaning in TILES), class_="tiles"),
        element("div", *tables, class_="halves"),
        aria_labelledby="live",
    )
