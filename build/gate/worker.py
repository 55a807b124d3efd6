"""What the gate runs in a child process: `python -m build.gate.worker PARENT MEMORY BUNDLE [VERDICT]`.

Prints one JSON object per line, each as soon as it is known: problems, and last {"digest": ..., "verdict_sha256": ...}
when every check has run. When that last line is missing, the child died, and the gate refuses the bundle.
"""

import ctypes
import hashlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from build.gate import golden
from build.gate.booster import check_booster
from build.gate.engines import engine_problems
from build.gate.fields.manifest import manifest_problems
from build.gate.verdict import read_verdict, verdict_problems
from model.booster import ubjson
from model.bundle.booster import xgboost
from model.bundle.bundle import BundleFolder, read
from model.bundle.folder import BOOSTER, MANIFEST, RETRAIN
from model.bundle.manifest import BundleManifest
from model.bundle.margin_range import MOST_LOG_ODDS, NOTHING, Reach, of_model
from model.bundle.predictor import Predictor
from model.errors import Problem


@dataclass(frozen=True)
class Checked:
    """The last line of a check that came to its end: what was checked, by digest."""

    digest: str | None
    verdict_sha256: str | None


def check(bundle: Path, verdict: Path | None) -> Iterator[Problem | Checked]:
    """Cheap and safe checks first; XGBoost runs only when they report no problem."""
    content = read(bundle)
    sha256 = None
    if verdict is not None:
        data, unreadable = read_verdict(verdict)
        sha256 = hashlib.sha256(data).hexdigest()
        yield from unreadable or verdict_problems(data, digest=content.digest, manifest=content.manifest)
    problems = [*content.problems, *_model_problems(content)]
    if content.bundle is not None:
        problems += golden.row_problems(content.bundle.golden, content.bundle.manifest)
    yield from problems
    if content.bundle is not None and not problems:
        predictor = Predictor(content.bundle, engine="xgboost")
        yield from golden.score_problems(content.bundle, predictor)
        yield from engine_problems(content.bundle, predictor)
    yield Checked(content.digest, sha256)


def _model_problems(content: BundleFolder) -> Iterator[Problem]:
    """Problems of the booster and the manifest, as far as each could be read."""
    booster = None
    if BOOSTER in content.files:
        try:
            booster = ubjson.parse(content.files[BOOSTER])
        except ubjson.NotUbjson as error:
            yield Problem(BOOSTER, f"is not a booster as XGBoost writes it ({error})", RETRAIN, "booster-format")
    if content.manifest is None:
        return
    yield from manifest_problems(content.manifest, version=xgboost.__version__)
    trees = NOTHING
    if booster is not None:
        checked = check_booster(booster, content.manifest, version=xgboost.__version__)
        yield from checked.problems
        trees = checked.trees
    yield from _margin_problems(content.manifest, trees)


def _margin_problems(manifest: BundleManifest, trees: Reach) -> Iterator[Problem]:
    """Finite parts may have a sum that is not finite."""
    fitted, calibrated = of_model(manifest, trees)
    for name, reach in (("linear part and trees", fitted), ("sampling and calibration", calibrated)):
        if not reach.largest <= MOST_LOG_ODDS:
            problem = f"can give log odds from {reach.low:.3g} to {reach.high:.3g}, which are not a usable probability"
            yield Problem(f"{MANIFEST} {name}", problem, RETRAIN, "log-odds-huge")
            return


def main(parent: int, memory: int, bundle: Path, verdict: Path | None) -> None:
    _end_with(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for result in check(bundle, verdict):
        print(json.dumps(asdict(result)), flush=True)


def _end_with(parent: int) -> None:
    """The parent keeps the time, so the check ends with it (PR_SET_PDEATHSIG), or now if it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(f"process {parent}, which started this check, has ended")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]) if len(sys.argv) > 4 else None)
