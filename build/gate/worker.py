"""What the gate runs in a child process: `python -m build.gate.worker ASKER MEMORY BUNDLE [VERDICT]`.

Prints one JSON object per line, each as soon as it is known: problems, and last {"digest": ..., "verdict_sha256": ...}
when everything was looked at. When that last line is missing, the child died, and that is a refusal too.
"""

import ctypes
import hashlib
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from build.gate import golden, ubjson
from build.gate.booster import Walked, walk
from build.gate.fields.manifest import manifest_problems
from build.gate.files import compare, read_folder
from build.gate.verdict import judge, read_verdict
from model.bundle.booster import xgboost
from model.bundle.bundle import (
    BOOSTER,
    FILES,
    GOLDEN,
    MANIFEST,
    RETRAIN,
    Bundle,
    Manifest,
    digest_of,
    parse_golden,
    parse_manifest,
)
from model.bundle.margin_range import MOST_LOG_ODDS, Reach, of_model
from model.errors import Problem, Problems


def check(bundle: Path, verdict: Path | None) -> Iterator[Problem | dict[str, str | None]]:
    """Cheap and safe looks first; XGBoost is asked only when they found nothing."""
    files, problems = read_folder(bundle)
    collected = Problems()
    manifest = parse_manifest(files[MANIFEST], collected) if MANIFEST in files else None
    rows = parse_golden(files[GOLDEN], collected) if GOLDEN in files else ()
    problems += collected.items
    digest = digest_of(files) if len(files) == len(FILES) else None
    sha256 = None
    if verdict is not None:
        data, unread = read_verdict(verdict)
        sha256 = hashlib.sha256(data).hexdigest()
        yield from unread or judge(data, digest=digest, manifest=manifest)
    found = [*problems, *_look(files, manifest)]
    yield from found
    if digest and manifest and not collected.items:
        found += (asked := golden.questions(rows, manifest))
        yield from asked
        if not found:
            yield from golden.answers(Bundle(manifest, files[BOOSTER], rows, digest))
    yield {"digest": digest, "verdict_sha256": sha256}


def _look(files: dict[str, bytes], manifest: Manifest | None) -> Iterator[Problem]:
    """Problems of the booster and the manifest, as far as each could be read."""
    booster = None
    if BOOSTER in files:
        try:
            booster = ubjson.parse(files[BOOSTER])
        except ubjson.NotUbjson as error:
            yield Problem(BOOSTER, f"is not a booster as XGBoost writes it ({error})", RETRAIN, "booster-format")
    if manifest is None:
        return
    yield from compare(files, manifest)
    yield from manifest_problems(manifest, version=xgboost.__version__)
    walked = walk(booster, manifest, version=xgboost.__version__) if booster is not None else Walked([])
    yield from walked.problems
    yield from _reach(manifest, walked.trees)


def _reach(manifest: Manifest, trees: Reach) -> Iterator[Problem]:
    """The parts may each be finite and their sum be none."""
    fitted, calibrated = of_model(manifest, trees)
    for name, reach in (("linear part and trees", fitted), ("sampling and calibration", calibrated)):
        if not reach.largest <= MOST_LOG_ODDS:
            found = f"can give log odds from {reach.low:.3g} to {reach.high:.3g}, no probability that means anything"
            yield Problem(f"{MANIFEST} {name}", found, RETRAIN, "log-odds-huge")
            return


def main(asker: int, memory: int, bundle: Path, verdict: Path | None) -> None:
    _end_with(asker)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for told in check(bundle, verdict):
        print(json.dumps(asdict(told) if isinstance(told, Problem) else told), flush=True)


def _end_with(asker: int) -> None:
    """Who asked keeps the time: nothing goes on without them (PR_SET_PDEATHSIG), nor when they have ended by now."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != asker:
        sys.exit(f"process {asker}, which asked for this check, has ended")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]) if len(sys.argv) > 4 else None)
