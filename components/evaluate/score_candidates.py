"""Which candidates can score the test rows, and their scores."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artifacts.splits import column_names
from components.evaluate.candidates import BundleCandidate, Candidate, inputs_of
from components.evaluate.decide.evidence import ChampionComparison
from components.evaluate.inputs import EvaluationInputs
from components.evaluate.metrics.candidate_names import CHAMPION, LOGISTIC, NEW
from components.evaluate.new_rows import new_to_champion
from components.evaluate.scoring import CandidateScores, score
from components.evaluate.test_set import Rows


@dataclass(frozen=True)
class ScoredRows:
    """`champion` says whether the model in service can be compared, None where there is none; `new` are the rows to
    compare it on."""

    rows: Rows
    scores: Mapping[str, CandidateScores]
    champion: ChampionComparison | None
    new: NDArray[np.bool_]


def score_candidates(inputs: EvaluationInputs, rows: Rows, progress: Callable[[int], None]) -> ScoredRows:
    """The champion scores unless it is the new model itself or cannot score these rows."""
    candidates: dict[str, Candidate] = {NEW: inputs.new, LOGISTIC: inputs.logistic}
    champion, new = None, new_to_champion(inputs, rows)
    conversions = float(rows.label[new].sum())
    if inputs.champion:
        same_bundle = inputs.champion.bundle.digest == inputs.bundle.digest
        champion = ChampionComparison(
            same_bundle,
            _unscorable(inputs.champion, inputs, rows),
            seen=int(np.sum(~new)),
            rows=len(new),
            conversions=conversions,
            too_few=not new.all() and conversions < inputs.criteria.min_conversions,
        )
        if champion.comparable:
            candidates[CHAMPION] = inputs.champion
    scores = score(candidates, inputs.test, rows, progress)
    if CHAMPION in scores and not np.isfinite(scores[CHAMPION].probability).all():
        del scores[CHAMPION]
        champion = ChampionComparison(unscorable="its probability is not finite for some of them")
    return ScoredRows(rows, scores, champion, new)


def _unscorable(champion: BundleCandidate, inputs: EvaluationInputs, rows: Rows) -> str:
    """Why the model in service cannot score these rows, "" if it can."""
    known = column_names(inputs.test)
    missing = [name for name in inputs_of(champion) if name not in known]
    reasons = [f"its input(s) {', '.join(missing)} are missing"] if missing else []
    if champion.position and rows.position is None:
        reasons.append("it reads positions, which they do not have")
    return "; ".join(reasons)
