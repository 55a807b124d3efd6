"""The model in service, as it scores rows that it has not learned from."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.evaluate.candidates import BundleCandidate
from components.evaluate.inputs import EvaluatedCut
from components.evaluate.left_out import left_out_by
from components.evaluate.metrics.candidate_names import CHAMPION
from components.evaluate.scoring import CandidateScores
from model.spec.types import Spec


@dataclass(frozen=True)
class InService:
    """`models` by a name of their own; `by` is the number of the one that scores a row, None where there is only one.

    A refit without a time has learned from the test rows, but each of its members has left some of them out: there the
    member scores that has not seen the row. Its linear part and its statistics have seen none.
    """

    models: Mapping[str, BundleCandidate]
    by: NDArray[np.int8] | None

    @classmethod
    def of(cls, champion: BundleCandidate, spec: Spec, cut: EvaluatedCut) -> "InService":
        manifest = champion.bundle.manifest
        members = len(manifest.trees.members)
        lineage, by_time = manifest.lineage, spec.split.by == "time"  # then it has seen none of those compared on
        if lineage.refit_of is None or lineage.trained_until is not None or by_time or members == 1:
            return cls({CHAMPION: champion}, None)
        models = {f"{CHAMPION} {number}": champion.of_member(number) for number in range(members)}
        return cls(models, left_out_by(spec, cut.test, champion.columns, members))

    def scores(self, of_models: Mapping[str, CandidateScores]) -> CandidateScores:
        """Per row, those of the model that scores it."""
        if self.by is None:
            return of_models[CHAMPION]
        parts = [of_models[name] for name in self.models]
        probability = np.choose(self.by, [part.probability for part in parts])
        order = np.choose(self.by, [part.order for part in parts])
        return CandidateScores(probability, order if parts[0].order is not parts[0].probability else probability)
