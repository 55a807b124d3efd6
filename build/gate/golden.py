"""The golden rows: what training saw must come out again here, to within the last bits of a processor."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from model.bundle.booster import xgboost
from model.bundle.bundle import BOOSTER, GOLDEN, RETRAIN, Bundle, GoldenRow, Manifest
from model.bundle.features import CategoryFeature, Feature
from model.bundle.predictor import GOLDEN_TOLERANCE, Predictor
from model.errors import Problem

FEWEST = 100
TOLD = 5


def questions(golden: Sequence[GoldenRow], manifest: Manifest) -> list[Problem]:
    """Problems of the rows before anything is scored: enough of them, every input given, the edges among them."""
    problems = list(_inputs(golden, manifest))
    if len(golden) < FEWEST:
        problems.append(_fault("rows", f"are {len(golden)}, fewer than {FEWEST}", "golden-rows"))
    if not problems:
        problems += [problem for feature in manifest.inputs for problem in _edges(golden, feature)]
    return problems


def _fault(where: str, found: str, code: str) -> Problem:
    return Problem(f"{GOLDEN} {where}", found, RETRAIN, code)


def _inputs(golden: Sequence[GoldenRow], manifest: Manifest) -> Iterator[Problem]:
    kinds = {feature.name: str if isinstance(feature, CategoryFeature) else float for feature in manifest.inputs}
    told = 0
    for number, row in enumerate(golden):
        wrong = sorted(set(row.input) ^ set(kinds))
        wrong += [name for name, value in row.input.items() if value is not None and not _is(value, kinds.get(name))]
        if wrong and (told := told + 1) <= TOLD:
            found = f"gives {row.input.get(wrong[0], 'nothing')!r:.80} for {wrong[0]!r}"
            yield _fault(f"row {number}", found, "golden-input")


def _is(value: object, kind: type | None) -> bool:
    return kind is not None and isinstance(value, kind) and (not isinstance(value, float) or math.isfinite(value))


def _edges(golden: Sequence[GoldenRow], feature: Feature) -> Iterator[Problem]:
    """Rows of ordinary values alone would prove little."""
    values = [row.input[feature.name] for row in golden]
    if None not in values:
        yield _fault(f"input {feature.name!r}", "is missing in no row", "golden-edges")
    if isinstance(feature, CategoryFeature):
        if all(value is None or value in feature.categories for value in values):
            yield _fault(f"input {feature.name!r}", "is unseen in no row", "golden-edges")
        return
    numbers = [float(value) for value in values if value is not None]
    below = feature.minimum is None or any(x <= feature.minimum for x in numbers)
    above = feature.maximum is None or any(x >= feature.maximum for x in numbers)
    if not (below and above):
        yield _fault(f"input {feature.name!r}", "stays inside its range in every row", "golden-edges")


def answers(bundle: Bundle) -> list[Problem]:
    """Problems of the answers. Only for a booster that the walk found sound: XGBoost may die of others."""
    saved = xgboost.Booster({"nthread": 1})
    saved.load_model(bytearray(bundle.booster))
    if bytes(saved.save_raw("ubj")) != bundle.booster:
        told = "is not what XGBoost writes when it saves this model again"
        return [Problem(BOOSTER, told, RETRAIN, "booster-resave")]
    predictor = Predictor(bundle)
    names = [feature.name for feature in bundle.manifest.inputs]
    columns = {name: [row.input[name] for row in bundle.golden] for name in names}
    given = predictor.probability(predictor.encode(columns))
    turned = predictor.probability(predictor.encode({name: columns[name] for name in reversed(names)}))
    alone = predictor.probability(predictor.encode({name: values[:1] for name, values in columns.items()}))
    expected = np.array([row.probability for row in bundle.golden])
    problems = []
    if bool(np.ptp(given) == 0):
        told = f"are all {given[0]!r}: a model that answers every row alike orders nothing"
        problems.append(_fault("answers", told, "golden-constant"))
    if not bool(np.all((given >= 0) & (given <= 1))):
        row = int(np.argmin((given >= 0) & (given <= 1)))
        problems.append(_fault(f"row {row}", f"is answered with {given[row]!r}, no probability", "golden-range"))
    elif bool(np.any(wrong := np.abs(given - expected) > GOLDEN_TOLERANCE)):
        row = int(np.argmax(wrong))
        told = f"should give {expected[row]!r}, gives {given[row]!r}; so do {int(wrong.sum()) - 1} other rows"
        problems.append(_fault(f"row {row}", told, "golden-answer"))
    if not (np.array_equal(given, turned, equal_nan=True) and np.array_equal(given[:1], alone, equal_nan=True)):
        told = "change with the order of the columns or the number of rows"
        problems.append(_fault("answers", told, "golden-order"))
    return problems
