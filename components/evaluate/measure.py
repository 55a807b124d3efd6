"""Everything that is measured on the test rows: the evidence that a verdict rests on, and the tables of the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.evaluate import metrics as quality
from components.evaluate import ranking
from components.evaluate.bootstrap import Estimate, Sums
from components.evaluate.contenders import (
    BundleContender,
    Contender,
    Scores,
    encode,
    inputs_of,
    missing_inputs,
    read_baselines,
    score,
)
from components.evaluate.curve import examination
from components.evaluate.decide import Evidence, Opponent, Slice
from components.evaluate.drift import drift
from components.evaluate.explain import directions, importance
from components.evaluate.offpolicy import CLIP, estimate, place_weights
from components.evaluate.propensity import Examination
from components.evaluate.rows import Rows, batches, query, quoted, read_rows
from components.evaluate.slices import described, findings, slicing
from model.bundle import Bundle, Manifest
from model.errors import DataRefused, Fault
from model.features import CategoryFeature
from model.predictor import Predictor
from model.spec import Spec

Floats = NDArray[np.float64]
Report = Callable[[int, int, str], None]
SAMPLE = 20_000  # rows for what needs a matrix at once
CURVE_SAMPLE = 2_000
GRID_SAMPLE = 100
NEW, CHAMPION = "new", "champion"


@dataclass(frozen=True)
class Measured:
    """`evidence` as the curve was estimated; `bent(power)` the same evidence under another examination curve."""

    evidence: Evidence
    tables: dict[str, Any]
    manifest: Manifest
    digest: str
    champion_digest: str | None
    bent: Callable[[float], Evidence]


def measure(
    spec: Spec,
    bundle: Bundle,
    parts: Path,
    training: Path,
    *,
    champion: Bundle | None,
    immature_days: float,
    kept_negatives: float,
    progress: Report,
) -> Measured:
    """Score everybody on the same rows once, then compare. Raises DataRefused."""
    path = parts / "test.parquet"
    rows = read_rows(spec, path)
    new = BundleContender(bundle, threads=1)
    baselines = read_baselines(training, place=spec.columns.position)
    contenders: dict[str, Contender] = {NEW: new, "logistic": baselines.logistic}
    opponent = _opponent(champion, bundle, path)
    if champion and not opponent.unscorable:
        contenders[CHAMPION] = BundleContender(champion, threads=1)
    for name, contender in contenders.items():
        if absent := missing_inputs(contender, path):
            fault = Fault(f"{path} {', '.join(absent)}", f"is missing, and {name} needs it", "Run preprocess again")
            raise DataRefused(fault)
    scores = score(
        contenders,
        path,
        rows.place,
        rows=len(rows.label),
        told=lambda done: progress(1, 4, f"{done:,} test rows scored"),
    )
    sample = _sample(new, path, rows)
    board = _Board(spec, rows, scores, baselines.constant.probability, opponent)
    predictor = Predictor(bundle)
    curve = None
    if rows.place is not None:
        curve = examination(
            spec,
            parts,
            kept_negatives=kept_negatives,
            predictor=predictor,
            features=bundle.manifest.features,
            sample=sample[:: max(1, len(sample) // CURVE_SAMPLE)],
            places=int(rows.place.max()),
        )
    progress(2, 4, f"{len(rows.label):,} rows compared")
    steps = directions(bundle, predictor, sample[:: max(1, len(sample) // GRID_SAMPLE)])
    fixed = {
        "immature_days": immature_days,
        "booster_bytes": float(len(bundle.booster)),
        "unseen_categories": _unseen(bundle.manifest, sample),
        "monotone_violations": float(sum(float(one["violations"]) for one in steps)),
    }
    evidence = board.evidence(curve, path, fixed)
    tables = board.tables(curve, path) | {
        "directions": steps,
        "importance": importance(bundle, sample, threads=1),
        "drift": _drift(spec, bundle, new, parts, sample, kept_negatives),
        "floors": {name: vars(found) for name, found in evidence.floors.items()},
        "against_champion": _told(evidence.champion),
        "slices_change": [vars(one) for found in evidence.slices.values() for one in found],
        "reference": evidence.reference,
    }
    progress(3, 4, "explained")
    return Measured(
        evidence,
        tables,
        bundle.manifest,
        bundle.digest,
        champion.digest if champion else None,
        lambda power: board.evidence(curve.bent(power) if curve else None, path, fixed),
    )


def _opponent(champion: Bundle | None, new: Bundle, path: Path) -> Opponent:
    if champion is None:
        return Opponent()
    absent = missing_inputs(BundleContender(champion, threads=1), path)
    unscorable = f"its inputs {', '.join(absent)} are not in the test rows" if absent else ""
    return Opponent(same_bundle=champion.digest == new.digest, unscorable=unscorable)


def _told(champion: Opponent | None) -> dict[str, Any] | None:
    if champion is None or champion.primary is None or champion.log_loss is None:
        return None
    return {"primary": vars(champion.primary), "log_loss": vars(champion.log_loss)}


class _Board:
    """All contenders' results per row, and the comparisons that follow from them."""

    def __init__(self, spec: Spec, rows: Rows, scores: dict[str, Scores], constant: float, opponent: Opponent) -> None:
        self.spec, self.rows, self.scores, self.opponent = spec, rows, scores, opponent
        self.label = rows.label
        probability = {name: one.probability for name, one in scores.items()}
        probability["constant"] = np.full(len(rows.label), constant)
        self.probability = probability
        self.losses = {name: quality.losses(rows.label, p) for name, p in probability.items()}
        self.confidence = spec.promotion.champion.confidence
        self.with_champion = CHAMPION in scores

    def evidence(self, curve: Examination | None, path: Path, fixed: dict[str, float]) -> Evidence:
        values = {f"loss {name}": loss for name, loss in self.losses.items()}
        values |= {"label": self.label, "probability": self.probability[NEW]}
        if curve is not None:
            values |= {f"ips {name}": value for name, value in self._ips(curve).items()}
        sums = Sums(self.rows.unit, values, confidence=self.confidence)
        floors = {name: sums.saving(f"loss {NEW}", f"loss {name}") for name in ("constant", "logistic")}
        ratio = sums.ratio("probability", "label")
        found = quality.of_probabilities(self.label, self.probability[NEW]) | fixed
        found |= {
            "rows": float(len(self.label)),
            "conversions": float(self.label.sum()),
            "calibration_ratio_low": ratio.low,
            "calibration_ratio_high": ratio.high,
            "auc_se": quality.auc_error(self.label, self.probability[NEW]),
        }
        if curve is not None:
            floors["current_order"] = sums.gain(f"ips {NEW}", "ips current_order")
            found |= self._order_metrics(curve, floors["current_order"])
        for name in ("constant", "logistic", *([CHAMPION] if self.with_champion else [])):
            found[f"log_loss_{name}"] = float(self.losses[name].mean())
        champion = self._against_champion(sums, curve) if self.spec and self._asked else None
        reference, slices = self._slices(curve, path)
        return Evidence(found, floors, slices, reference, champion)

    @property
    def _asked(self) -> bool:
        """Whether there is a model in service."""
        return self.with_champion or bool(self.opponent.unscorable) or self.opponent.same_bundle

    def _against_champion(self, sums: Sums, curve: Examination | None) -> Opponent:
        if not self.with_champion:
            return self.opponent
        log_loss = sums.saving(f"loss {NEW}", f"loss {CHAMPION}")
        by_order = curve is not None and self.spec.promotion.champion.metric != "log_loss"
        primary = sums.gain(f"ips {NEW}", f"ips {CHAMPION}") if by_order else log_loss
        return replace(self.opponent, primary=primary, log_loss=log_loss)

    def _places(self, name: str, lists: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Where each row of a list comes to stand in a contender's order."""
        assert self.rows.list is not None
        assert self.rows.place is not None
        if name == "current_order":
            return self.rows.place
        return ranking.places(self.rows.list if lists is None else lists, self.rows.place, self.scores[name].order)

    def _ips(self, curve: Examination, lists: NDArray[np.int64] | None = None) -> dict[str, Floats]:
        """Conversions that each row stands for, were it where a contender puts it."""
        assert self.rows.place is not None
        names = [NEW, "logistic", "current_order", *([CHAMPION] if self.with_champion else [])]
        seen = curve.of(self.rows.place)
        return {
            name: self.label * place_weights(seen, curve.of(self._places(name, lists)), clip=CLIP) for name in names
        }

    def _order_metrics(self, curve: Examination, lift: Estimate) -> dict[str, float]:
        assert self.rows.list is not None
        assert self.rows.place is not None
        lists = float(self.rows.list.max() + 1)
        weight = place_weights(curve.of(self.rows.place), curve.of(self._places(NEW)), clip=CLIP)
        off = estimate(self.label, weight)
        rank = ranking.ranks(self.rows.list, self.scores[NEW].order)
        agreement = ranking.logged_agreement(self.rows.list, self.label, rank)
        moved = ranking.moved(self.rows.list, self.rows.place, self._places(NEW))
        auc, auc_lists = ranking.group_auc(self.rows.list, self.label, rank)
        found = {
            "lists": lists,
            "logged_places": float(len(np.unique(self.rows.place))),
            "ips_conversions": off.ips * len(self.label) / lists,
            "snips": off.snips,
            "ess": off.ess,
            "mean_weight": off.mean_weight,
            "max_weight": off.max_weight,
            "ips_lift": lift.value,
            "ips_lift_low": lift.low,
            "ips_lift_high": lift.high,
            "examination_decay": curve.decay,
            "ndcg_at_10_biased": agreement.ndcg_at_10,
            "mrr_biased": agreement.mrr,
            "conversions_at_10_biased": agreement.conversions_at_10,
            "lists_with_conversions": float(agreement.lists),
            "kendall_tau": moved.kendall_tau,
            "top_10_overlap": moved.top_10_overlap,
            "lists_changed": moved.lists_changed,
        }
        return found | ({"group_auc": auc, "group_auc_lists": float(auc_lists)} if auc_lists else {})

    def _slices(self, curve: Examination | None, path: Path) -> tuple[str, dict[str, Sequence[Slice]]]:
        """Every declared slice against the model in service, else against the order or the constant of today."""
        ordered = curve is not None
        reference = CHAMPION if self.with_champion else "current_order" if ordered else "constant"
        found: dict[str, Sequence[Slice]] = {}
        for column in self.spec.promotion.slices:
            cut = slicing(path, column, self.label)
            if cut is None:
                continue
            new, base = self.losses[NEW], self.losses["constant"]
            if self.with_champion:
                base = self.losses[CHAMPION]
            if curve is not None:
                assert self.rows.list is not None
                ips = self._ips(curve, cut.within(self.rows.list))
                new, base = ips[NEW], ips[reference]
            found[column] = findings(
                cut, new=new, base=base, unit=self.rows.unit, label=self.label, less_is_better=not ordered
            )
        words = {CHAMPION: "the model in service", "current_order": "the current order", "constant": "the constant"}
        return words[reference], found

    def tables(self, curve: Examination | None, path: Path) -> dict[str, Any]:
        """What the report draws."""
        cuts = [cut for column in self.spec.promotion.slices if (cut := slicing(path, column, self.label))]
        p = self.probability[NEW]
        return {
            "contenders": {
                name: quality.of_probabilities(self.label, one)
                for name, one in self.probability.items()
                if name != "constant"
            },
            "calibration": quality.calibration_bins(self.label, p),
            "gain": quality.gain_curve(self.label, p),
            "roc": quality.roc_points(self.label, p),
            "pr": quality.pr_points(self.label, p),
            "slices": [row for cut in cuts for row in described(cut, self.label, p)],
            "examination": [float(value) for value in curve.at] if curve else [],
            "examination_source": curve.source if curve else "",
            "unit": self.rows.unit_name,
        }


def _sample(contender: BundleContender, path: Path, rows: Rows) -> NDArray[np.float32]:
    """Up to SAMPLE test rows, evenly spread, as the model reads them at their logged places."""
    every = max(1, -(-len(rows.label) // SAMPLE))
    pieces, start = [], 0
    for batch in batches(path, inputs_of(contender)):
        end = start + batch.num_rows
        matrix = encode(contender, batch, rows.place[start:end] if rows.place is not None else None)
        pieces.append(matrix[-start % every :: every])
        start = end
    return np.concatenate(pieces)


def _drift(
    spec: Spec, bundle: Bundle, new: BundleContender, parts: Path, sample: NDArray[np.float32], kept: float
) -> list[dict[str, float | str]]:
    """From the training rows, weighted for what sampling left out, to the test rows."""
    path = parts / "train.parquet"
    label = query(f"select {quoted(spec.columns.label)} as y from read_parquet($path)", path=str(path))["y"]
    every = max(1, -(-len(label) // SAMPLE))
    pieces, start = [], 0
    for batch in batches(path, inputs_of(new)):
        pieces.append(encode(new, batch, None)[-start % every :: every])
        start += batch.num_rows
    weight = np.where(np.asarray(label)[::every] == 0, 1 / kept, 1.0)
    found = drift(bundle.manifest.features, np.concatenate(pieces), weight, sample)
    held = new.held[0] if new.held else None
    return [one for one in found if one["feature"] != held]


def _unseen(manifest: Manifest, sample: NDArray[np.float32]) -> float:
    """Share of "other" in the category that has most of it."""
    shares = [
        float((sample[:, place] == feature.other).mean())
        for place, feature in enumerate(manifest.features)
        if isinstance(feature, CategoryFeature)
    ]
    return max(shares, default=0.0)
