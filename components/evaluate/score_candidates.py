"""Which candidates can score the test rows, and their scores."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artifacts.splits import column_names
from components.evaluate.candidates import BundleCandidate, Candidate, inputs_of
from components.evaluate.decide.evidence import ChampionComparison
from components.evaluate.in_service import InService
from components.evaluate.inputs import EvaluatedCut, EvaluationInputs
from components.evaluate.metrics.candidate_names import CHAMPION, LOGISTIC, NEW
from components.evaluate.new_rows import new_to_champion
from components.evaluate.scoring import CandidateScores, score
from components.evaluate.test_set import Rows
from model.arrays import Floats
from model.spec.types import Spec


@dataclass(frozen=True)
class ScoredRows:
    """`champion` says whether the model in service can be compared, None where there is none; `new` are the rows to
    compare it on. `constant` is the probability of the constant baseline, per row."""

    rows: Rows
    scores: Mapping[str, CandidateScores]
    champion: ChampionComparison | None
    new: NDArray[np.bool_]
    constant: Floats

    def chosen(self, which: NDArray[np.bool_] | slice) -> "ScoredRows":
        """Of the rows of a mask or slice."""
        scores = {name: score.chosen(which) for name, score in self.scores.items()}
        return ScoredRows(self.rows.chosen(which), scores, self.champion, self.new[which], self.constant[which])

    def without(self, name: str) -> "ScoredRows":
        """Without a candidate's scores."""
        scores = {other: score for other, score in self.scores.items() if other != name}
        return replace(self, scores=scores)


def score_candidates(inputs: EvaluationInputs, rows: Rows, progress: Callable[[int], None]) -> ScoredRows:
    """The champion scores unless it is the new model itself or cannot score these rows."""
    champion, new, in_service = None, new_to_champion(inputs, rows), None
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
            in_service = inputs.champion
    scores = _scores(inputs.spec, inputs.cuts, rows, in_service, progress)
    if CHAMPION in scores and not np.isfinite(scores[CHAMPION].probability).all():
        del scores[CHAMPION]
        champion = ChampionComparison(unscorable="its probability is not finite for some of them")
    constant = np.repeat([cut.constant for cut in inputs.cuts], [cut.rows for cut in inputs.cuts])
    return ScoredRows(rows, scores, champion, new, constant)


def blocks(cuts: Sequence[EvaluatedCut]) -> Iterator[tuple[EvaluatedCut, slice]]:
    """Each cut with the place of its rows among those of all."""
    start = 0
    for cut in cuts:
        yield cut, slice(start, start + cut.rows)
        start += cut.rows


def _scores(
    spec: Spec,
    cuts: Sequence[EvaluatedCut],
    rows: Rows,
    champion: BundleCandidate | None,
    progress: Callable[[int], None],
) -> dict[str, CandidateScores]:
    """Of every row by the models of its own cut, which have not seen it, and by the champion."""
    parts = []
    for cut, block in blocks(cuts):
        candidates: dict[str, Candidate] = {NEW: cut.new, LOGISTIC: cut.logistic}
        in_service = InService.of(champion, spec, cut) if champion else None
        candidates |= in_service.models if in_service else {}
        of_cut = rows if len(cuts) == 1 else rows.chosen(block)
        scores = score(candidates, cut.test, of_cut, functools.partial(_add, block.start, progress))
        of_champion = {CHAMPION: in_service.scores(scores)} if in_service else {}
        parts.append({NEW: scores[NEW], LOGISTIC: scores[LOGISTIC]} | of_champion)
    return {name: CandidateScores.joined([part[name] for part in parts]) for name in parts[0]}


def _add(before: int, progress: Callable[[int], None], done: int) -> None:
    progress(before + done)


def _unscorable(champion: BundleCandidate, inputs: EvaluationInputs, rows: Rows) -> str:
    """Why the model in service cannot score these rows, "" if it can."""
    known = column_names(inputs.test)
    missing = [name for name in inputs_of(champion) if name not in known]
    reasons = [f"its input(s) {', '.join(missing)} are missing"] if missing else []
    if champion.position and rows.position is None:
        reasons.append("it reads positions, which they do not have")
    return "; ".join(reasons)
