"""The head of the model's page: which model this is."""

from model.bundle.features import CategoryFeature
from serving.model_info import ModelInfo
from serving.page.markup import Html, code, element
from serving.page.text import number, plural, quoted
from serving.page.verdict import NoVerdict, ShownVerdict

LINKS = (("docs", "API"), ("openapi.json", "openapi.json"), ("model", "model.json"), ("metrics", "metrics"))


def heading(info: ModelInfo, verdict: ShownVerdict | NoVerdict) -> Html:
    return element(
        "header",
        element(
            "div",
            element("nav", *(element("a", text, href=href) for href, text in LINKS), aria_label="Other pages"),
            element("h1", info.model),
            element("p", quoted(info.target), class_="target"),
            element("p", code(info.digest), class_="digest"),
            element("dl", *_facts(info, verdict), class_="tiles"),
        ),
    )


def _facts(info: ModelInfo, verdict: ShownVerdict | NoVerdict) -> list[Html]:
    categories = sum(isinstance(feature, CategoryFeature) for feature in info.features)
    numbers = len(info.features) - categories
    outcome = verdict.verdict if isinstance(verdict, ShownVerdict) else "none"
    members = f"trees of {plural(len(info.trees.members), 'model')}" if len(info.trees.members) > 1 else "trees"
    difference = number(info.golden.largest_difference)
    return [
        tile(outcome, "verdict of the evaluation"),
        tile(info.lineage.cutoff[:10], "no row of the data is younger"),
        tile(number(len(info.features)), f"inputs: {plural(numbers, 'number')}, {categories} categories"),
        tile(number(info.trees.trees), members),
        tile(info.engine.name, _engine(info)),
        tile(number(info.golden.rows), f"golden rows reproduced at the start; largest difference {difference}"),
    ]


def _engine(info: ModelInfo) -> str:
    return "engine" if info.engine.reason is None else f"engine: {info.engine.reason}"


def tile(value: str, meaning: str, *, live: str | None = None) -> Html:
    """A number and what it is; `live` is the name under which the script finds it."""
    return element("div", element("dt", meaning), element("dd", value, data_live=live), class_="tile")
