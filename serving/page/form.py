"""The form in which a row is tried: a field for each input, made from its type."""

from collections.abc import Sequence

from model.bundle.features import CategoryFeature, Input
from model.bundle.golden import GoldenRow
from serving.model_info import ModelInfo
from serving.page.examples import examples
from serving.page.inputs import seen
from serving.page.markup import Html, element


def form_section(info: ModelInfo, golden: Sequence[GoldenRow]) -> Html:
    return element(
        "section",
        element("h2", "Try a row", id="try"),
        element("noscript", element("p", "The form needs scripts. The page at docs has the same as a command.")),
        element("div", _form(info, golden), _answer(info), class_="pair"),
        aria_labelledby="try",
    )


def _form(info: ModelInfo, golden: Sequence[GoldenRow]) -> Html:
    rows = examples(golden, info.features)
    middle = sum(example.is_usual for example in rows) // 2
    options = [example.option(selected=index == middle) for index, example in enumerate(rows)]
    return element(
        "form",
        element(
            "div",
            element(
                "div",
                element("label", "Start from", for_="example"),
                element("select", *options, id="example", autocomplete="off"),
                class_="field",
            ),
            element("button", "Score", type="submit"),
            element("button", "Clear", type="button", id="clear", class_="quiet"),
            class_="actions",
        ),
        element("div", *(_field(index, feature) for index, feature in enumerate(info.features)), class_="fields"),
        id="row",
        class_="card",
        novalidate=True,
        autocomplete="off",
        aria_labelledby="try",
    )


def _field(index: int, feature: Input) -> Html:
    """Numbers are typed as text: what is not a number is sent as it is, and the server says what is wrong with it."""
    is_number = feature.kind == "number"
    known = f"known-{index}" if isinstance(feature, CategoryFeature) else None
    return element(
        "div",
        element("label", feature.name, for_=f"input-{index}"),
        element("p", f"{feature.kind}, {seen(feature)}", id=f"hint-{index}", class_="hint"),
        element(
            "input",
            id=f"input-{index}",
            data_input=feature.name,
            data_kind=feature.kind,
            inputmode="decimal" if is_number else "text",
            list=known,
            placeholder="not known (null)",
            autocomplete="off",
            spellcheck="false",
            aria_describedby=f"hint-{index} remark-{index}",
        ),
        _known(feature, known),
        element("p", id=f"remark-{index}", class_="remark"),
        class_="field",
    )


def _known(feature: Input, id_: str | None) -> Html | None:
    if not isinstance(feature, CategoryFeature):
        return None
    return element("datalist", *(element("option", value=value) for value in feature.categories), id=id_)


def _answer(info: ModelInfo) -> Html:
    position = str(info.position.constant) if info.position else None
    return element(
        "div",
        element("div", element("p", "Press Score.", class_="note"), id="answer", role="status", aria_live="polite"),
        element("div", id="explanation", data_position=position),
        element("div", id="exchange"),
        class_="card answer",
    )
