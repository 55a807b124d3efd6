"""Golden checks: the rows cover every input, and XGBoost computes their stored probabilities, to the last bit."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from model.bundle.bundle import Bundle
from model.bundle.features import CategoryFeature, Input
from model.bundle.folder import BOOSTER, GOLDEN, RETRAIN
from model.bundle.golden import GoldenRow
from model.bundle.manifest import BundleManifest
from model.bundle.predictor import Predictor
from model.errors import Problem

FEWEST = 100
MOST_PROBLEMS = 5


def row_problems(golden: Sequence[GoldenRow], manifest: BundleManifest) -> list[Problem]:
    """Problems of the rows before anything is scored: enough rows, every input present, edge values included."""
    problems = list(_inputs(golden, manifest))
    if len(golden) < FEWEST:
        problems.append(_problem("rows", f"are {len(golden)}, fewer than {FEWEST}", "golden-rows"))
    if not problems:
        problems += [problem for feature in manifest.inputs for problem in _edges(golden, feature)]
    return problems


def _problem(where: str, problem: str, code: str) -> Problem:
    return Problem(f"{GOLDEN} {where}", problem, RETRAIN, code)


def _inputs(golden: Sequence[GoldenRow], manifest: BundleManifest) -> Iterator[Problem]:
    kinds = {feature.name: str if isinstance(feature, CategoryFeature) else float for feature in manifest.inputs}
    reported = 0
    for number, row in enumerate(golden):
        wrong = sorted(set(row.input) ^ set(kinds))
        wrong += [name for name, value in row.input.items() if value is not None and not _is(value, kinds.get(name))]
        if wrong and (reported := reported + 1) <= MOST_PROBLEMS:
            problem = f"has {row.input.get(wrong[0], 'nothing')!r:.80} for {wrong[0]!r}"
            yield _problem(f"row {number}", problem, "golden-input")


def _is(value: object, kind: type | None) -> bool:
    return kind is not None and isinstance(value, kind) and (not isinstance(value, float) or math.isfinite(value))


def _edges(golden: Sequence[GoldenRow], feature: Input) -> Iterator[Problem]:
    """Ordinary values alone would prove little: rows have it null, unseen, and at both ends of its range."""
    values = [row.input[feature.name] for row in golden]
    if None not in values:
        yield _problem(f"input {feature.name!r}", "is null in no golden row", "golden-edges")
    if isinstance(feature, CategoryFeature):
        unseen = any(value is not None and value not in feature.known for value in values)
        if unseen and feature.unknown == "refuse":
            problem = "has a golden row with an unseen category, which a server refuses"
            yield _problem(f"input {feature.name!r}", problem, "golden-edges")
        elif not unseen and feature.unknown != "refuse":
            yield _problem(f"input {feature.name!r}", "has no golden row with an unseen category", "golden-edges")
        return
    numbers = [float(value) for value in values if value is not None]
    below = feature.minimum is None or any(x <= feature.minimum for x in numbers)
    above = feature.maximum is None or any(x >= feature.maximum for x in numbers)
    if not (below and above):
        yield _problem(f"input {feature.name!r}", "has no golden row at an end of its range", "golden-edges")


def score_problems(bundle: Bundle, predictor: Predictor) -> list[Problem]:
    """Problems of the probabilities of XGBoost. Only for a booster that passed its check: it may crash on others."""
    if bytes(predictor.booster.save_raw("ubj")) != bundle.booster:
        problem = "is not what XGBoost writes when it saves this model again"
        return [Problem(BOOSTER, problem, RETRAIN, "booster-resave")]
    names = [feature.name for feature in bundle.manifest.inputs]
    columns = {name: [row.input[name] for row in bundle.golden] for name in names}
    scores = predictor.probability(predictor.encode(columns))
    reordered = predictor.probability(predictor.encode({name: columns[name] for name in reversed(names)}))
    first = predictor.probability(predictor.encode({name: values[:1] for name, values in columns.items()}))
    expected = np.array([row.probability for row in bundle.golden])
    problems = []
    if bool(np.ptp(scores) == 0):
        problem = f"are all {scores[0]!r}: a model with the same probability for every row ranks nothing"
        problems.append(_problem("probabilities", problem, "golden-constant"))
    if not bool(np.all((scores >= 0) & (scores <= 1))):
        row = int(np.argmin((scores >= 0) & (scores <= 1)))
        problems.append(_problem(f"row {row}", f"gives {scores[row]!r}, which is not a probability", "golden-range"))
    elif bool(np.any(wrong := scores != expected)):
        row = int(np.argmax(wrong))
        problem = f"should give {expected[row]!r}, gives {scores[row]!r}; {int(wrong.sum()) - 1} other rows differ too"
        problems.append(_problem(f"row {row}", problem, "golden-answer"))
    if not (np.array_equal(scores, reordered, equal_nan=True) and np.array_equal(scores[:1], first, equal_nan=True)):
        problem = "change with the order of the columns or the number of rows"
        problems.append(_problem("probabilities", problem, "golden-order"))
    return problems
