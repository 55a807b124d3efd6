"""Evaluations of small runs, and changed copies of their bundles."""

from artifacts.metrics import MetricsDocument
from artifacts.verdict import Verdict
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from model.bundle.bundle import load, write
from tests.logs import spec_of
from tests.runs import quiet

WITH_SLICES = {"must_beat": ["constant", "current_order"], "slices": ["layout"], "min_conversions": 50}


def evaluated(folder, spec=None, *, out="evaluated", champion=None, bundle=None, threads=1):
    """The outcome and verdict.json of a run that `train_into` made."""
    folders = InputFolders(
        bundle=bundle or folder / "trained" / "bundle",
        splits=folder / "splits",
        training=folder / "trained",
        extracted=folder / "rows",
        champion=champion,
    )
    outcome = evaluate(spec or spec_of(), folders, folder / out, progress=quiet, threads=threads)
    return outcome, Verdict.read(folder / out)


def metrics_of(folder, out="evaluated"):
    return MetricsDocument.read(folder / out)


def reason(verdict, rule):
    return next(reason for reason in verdict.reasons if reason.rule == rule)


def rewritten(folder, out, *, booster=None, **manifest):
    """The run's bundle with some of its manifest or its booster replaced, valid in form."""
    bundle = load(folder / "trained" / "bundle")
    write(out, bundle.manifest.model_copy(update=manifest), booster or bundle.booster, bundle.golden)
    return out
