"""Golden rows that prove nothing, or something else."""

from collections.abc import Callable
from typing import Any

from model.bundle import GOLDEN
from tests.build.corpus.spoil import Damage, at, forged, text
from tests.build.forge import forge_golden


def golden(name: str, code: str, change: Callable[[list[dict[str, Any]]], object]) -> Damage:
    return Damage(f"golden: {name}", code, lambda bundle: forge_golden(bundle, change))


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
    Damage("golden: NaN", "golden-json", text(GOLDEN, '"area_m2": 5.0', '"area_m2": NaN')),
    Damage("golden: an object", "golden-field", forged(GOLDEN, lambda _: b"{}")),
    Damage("golden: HTML", "golden-json", forged(GOLDEN, lambda _: b"<html>404</html>")),
]
