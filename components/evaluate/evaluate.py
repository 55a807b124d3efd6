"""Judge a trained model on the test part: measure, compare on the same rows, decide, and tell it all in a report."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from components.evaluate.bootstrap import DRAWS, SEED
from components.evaluate.decide import Rules, Verdict, decide, sensitivity
from components.evaluate.measure import Measured, measure
from components.evaluate.metrics import flat
from components.evaluate.report import render
from model.bundle import load
from model.files import new_folder, read_json, sha256_of, write_atomically, write_json
from model.spec import Spec

Report = Callable[[int, int, str], None]
BENT = {"if people look further down (half the exponent)": 0.5, "if they look less far (double)": 2.0}


def evaluate(
    spec: Spec,
    bundle: Path,
    parts: Path,
    training: Path,
    extracted: Path,
    out: Path,
    *,
    champion: Path | None,
    progress: Report,
) -> str:
    """Write verdict.json, metrics.json and report.html into `out`, whole or not at all; returns the verdict's word.

    A bad model is a verdict, not an error. Raises BundleRefused and DataRefused for files that are damaged or absent.
    The same inputs give the same bytes.
    """
    told = {
        "split": read_json(parts / "split.json", made_by="preprocess"),
        "ledger": read_json(parts / "ledger.json", made_by="preprocess"),
        "training": read_json(training / "training.json", made_by="train"),
        "extract": read_json(extracted / "extract.json", made_by="extract"),
    }
    measured = measure(
        spec,
        load(bundle),
        parts,
        training,
        champion=load(champion) if champion else None,
        immature_days=immature_days(spec, told["split"]),
        kept_negatives=told["split"]["sampling"]["kept_negatives"],
        progress=progress,
    )
    rules = Rules.of(spec)
    verdict = decide(measured.evidence, rules)
    if rules.ranked and verdict.word != "invalid":
        bent = {name: decide(measured.bent(power), rules) for name, power in BENT.items()}
        verdict = Verdict(verdict.word, (*verdict.reasons, sensitivity(verdict, bent)))
    metrics = {**measured.evidence.metrics, **measured.tables}
    written = verdict_json(verdict, measured, spec, sha256_of(parts / "test.parquet"))
    progress(4, 4, f"{verdict.word}")
    with new_folder(out) as folder:
        write_json(folder / "verdict.json", written)
        write_json(folder / "metrics.json", metrics)
        page = render(spec, verdict, metrics, measured.manifest, measured.digest, told)
        write_atomically(folder / "report.html", page.encode())
    return verdict.word


def verdict_json(verdict: Verdict, measured: Measured, spec: Spec, test_rows: str) -> dict[str, Any]:
    """What the gate reads: the word, bound to the bundle's digest and to what it was judged on."""
    return {
        "verdict": verdict.word,
        "bundle": measured.digest,
        "champion": measured.champion_digest,
        "reasons": [reason.to_json() for reason in verdict.reasons],
        "metrics": flat(measured.evidence.metrics),
        "spec_sha256": spec.spec_sha256,
        "sql_sha256": spec.sql_sha256,
        "test_rows_sha256": test_rows,
        "bootstrap": {"draws": DRAWS, "seed": SEED},
    }


def immature_days(spec: Spec, split: Mapping[str, Any]) -> float:
    """By how many days the youngest test row is younger than its conversions may take; 0 where there is no time."""
    last = split["parts"]["test"]["last"]
    if last is None:
        return 0.0
    end = datetime.fromisoformat(split["cutoff"]).replace(tzinfo=None)
    ripe = datetime.fromisoformat(last) + timedelta(days=spec.source.conversion_days)
    return max(0.0, (ripe - end).total_seconds() / 86_400)
