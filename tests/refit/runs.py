"""Refits of small promoted models."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from artifacts.verdict import Verdict
from components.refit.refit import refit
from model.bundle.bundle import load, write
from tests.runs import quiet


@dataclass(frozen=True)
class Refitted:
    """What the step wrote, and the outcome that it returned."""

    shipped: Path
    decision: Path
    outcome: str

    @property
    def verdict(self) -> Verdict:
        return Verdict.read(self.decision)

    @property
    def bundle(self) -> Path:
        return self.shipped / "bundle"

    def reason(self, name):
        return next(reason for reason in self.verdict.reasons if reason.rule == f"refit agrees: {name}")


def refitted(folder, spec, out, *, splits=None, trained=None, threads=1):
    """The step over a run that was evaluated into `folder / "evaluated"`."""
    shipped, decision = out / "shipped", out / "decision"
    splits, trained = splits or folder / "splits", trained or folder / "trained"
    outcome = refit(
        spec, splits, trained, folder / "evaluated", shipped, decision, threads=threads, progress=quiet
    )  # fmt: skip
    return Refitted(shipped, decision, outcome)


def with_search(folder, out, **search):
    """A copy of `trained` whose bundle has another recipe, of one setting."""
    shutil.copytree(folder / "trained", out)
    bundle = load(out / "bundle")
    shutil.rmtree(out / "bundle")
    first = {name: value for name, value in bundle.manifest.search.items() if "." not in name}
    manifest = bundle.manifest.model_copy(update={"search": {**first, **search}, "files": {}})
    write(out / "bundle", manifest, bundle.booster, bundle.golden)
    return out
