"""What the model was made from, and what serves it."""

from collections.abc import Mapping

from serving.model_info import ModelInfo
from serving.page.markup import Child, Html, code, element
from serving.page.text import number, percent


def origin_section(info: ModelInfo) -> Html:
    rows = [part for name, value in _facts(info).items() for part in (element("dt", name), element("dd", value))]
    return element(
        "section",
        element("h2", "Origin", id="origin"),
        element("div", element("dl", *rows, class_="facts"), class_="card"),
        aria_labelledby="origin",
    )


def _facts(info: ModelInfo) -> dict[str, Child]:
    lineage = info.lineage
    return {
        "data": f"{_day(lineage.start) or 'from the beginning'} to {_day(lineage.end) or _day(lineage.cutoff)}",
        "rows": _counts(lineage.rows),
        "conversions": _counts(lineage.positives),
        "label": code(info.label),
        "calibration": info.calibration.method,
        "sampling": _sampling(info.sampling.kept_negatives),
        "settings": _list({name: str(value) for name, value in info.search.items()}),
        "trained with": _list(info.libraries.trained),
        "served with": _list(info.libraries.serving),
        "limits": _counts(info.limits.model_dump()),
        "bundle": code(info.digest),
        "spec": code(lineage.spec_sha256),
        "query": code(lineage.sql_sha256),
        "data's digest": code(lineage.data_sha256),
    }


def _sampling(share: float) -> str:
    if share == 1:
        return "every row without a conversion was trained on"
    return f"{percent(share)} of the rows without a conversion were trained on; probabilities are corrected for that"


def _day(moment: str | None) -> str:
    return (moment or "")[:10]


def _counts(counts: Mapping[str, float]) -> str:
    return " · ".join(f"{name.replace('_', ' ')} {number(count)}" for name, count in counts.items())


def _list(pairs: Mapping[str, str]) -> str:
    return " · ".join(f"{name} {value}" for name, value in pairs.items())
