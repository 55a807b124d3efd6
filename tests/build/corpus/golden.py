"""Golden rows that prove nothing, or another model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.bundle.bundle import load
from model.bundle.folder import GOLDEN
from model.bundle.predictor import Predictor
from tests.build.corpus.inject import Corruption, at, forged, text
from tests.build.tamper import forge_booster, forge_golden, forge_manifest


def golden(name: str, code: str, change: Callable[[list[dict[str, Any]]], object]) -> Corruption:
    return Corruption(f"golden: {name}", code, lambda bundle: forge_golden(bundle, change))


def constant(bundle: Path) -> None:
    """A model whose trees and weights are all zero, with golden rows that agree."""

    def empty_trees(document: dict[str, Any]) -> None:
        for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
            for node, child in enumerate(tree["left_children"]):
                if child == -1:
                    tree["split_conditions"][node] = tree["base_weights"][node] = 0.0

    def no_weights(document: dict[str, Any]) -> None:
        category, number = document["linear"]["terms"]
        category["weights"] = [0.0] * len(category["weights"])
        number["weight"] = number["missing"] = 0.0

    forge_booster(bundle, empty_trees)
    forge_manifest(bundle, no_weights)
    changed = load(bundle)
    names = [feature.name for feature in changed.manifest.inputs]
    predictor = Predictor(changed)
    columns = {name: [row.input[name] for row in changed.golden] for name in names}
    probabilities = predictor.probability(predictor.encode(columns))
    forge_golden(
        bundle, lambda rows: [row.update(probability=float(p)) for row, p in zip(rows, probabilities, strict=True)]
    )


GOLDENS = [
    golden("an answer edited", "golden-answer", at("3", probability=0.5)),
    golden(
        "an answer off by 1e-7", "golden-answer", lambda rows: rows[3].update(probability=rows[3]["probability"] + 1e-7)
    ),
    golden("an answer above 1", "golden-field", at("3", probability=1.5)),
    golden("99 rows", "golden-rows", lambda rows: rows.__delitem__(slice(99, None))),
    golden("no row", "golden-rows", lambda rows: rows.clear()),
    golden("no edge", "golden-edges", lambda rows: rows.__setitem__(slice(None), rows[20:100] * 2)),
    golden("an input absent", "golden-input", lambda rows: rows[5]["input"].pop("rent")),
    golden("an input more", "golden-input", at("5.input", colour="red")),
    golden("text for a number", "golden-input", at("5.input", rent="cheap")),
    golden("a number for text", "golden-input", at("5.input", layout=3.0)),
    golden("a list for a number", "golden-field", at("5.input", rent=[1])),
    Corruption("golden: NaN", "golden-json", text(GOLDEN, '"area_m2": 5.0', '"area_m2": NaN')),
    Corruption(
        "golden: a number of 401 digits", "golden-json", text(GOLDEN, '"area_m2": 5.0', f'"area_m2": 1{"0" * 400}')
    ),
    Corruption("golden: nested 100,000 deep", "golden-json", forged(GOLDEN, lambda _: b"[" * 100_000 + b"]" * 100_000)),
    Corruption("golden: every row answered alike", "golden-constant", constant),
    Corruption("golden: an object", "golden-field", forged(GOLDEN, lambda _: b"{}")),
    Corruption("golden: HTML", "golden-json", forged(GOLDEN, lambda _: b"<html>404</html>")),
]
