"""The corpus of corruptions: known ways to corrupt a bundle, and the code that the gate must refuse each with.

`python -m tests.build.corrupt` prints the table. Unless the name says otherwise, every checksum
is correct again.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from build.gate.worker import check
from model.errors import Problem
from tests.build.corpus.booster import BOOSTERS
from tests.build.corpus.folder import FOLDER, UNFORGED
from tests.build.corpus.golden import GOLDENS
from tests.build.corpus.inject import Corruption
from tests.build.corpus.manifest import MANIFESTS
from tests.build.corpus.tree import TREES
from tests.bundles import write_valid_bundle

CORPUS = [*FOLDER, *UNFORGED, *MANIFESTS, *GOLDENS, *BOOSTERS, *TREES]


def problems_of(corruption: Corruption, valid_bundle: Path, folder: Path) -> list[Problem]:
    """The gate's problems of a corrupted copy of the valid bundle."""
    bundle = folder / "bundle"
    shutil.copytree(valid_bundle, bundle)
    corruption.apply(bundle)
    return [result for result in check(bundle, None) if isinstance(result, Problem)]


def main() -> int:
    """Print problem -> code -> refused for the whole corpus; 1 when one of them passed."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        valid_bundle = write_valid_bundle(Path(folder) / "valid")
        for number, corruption in enumerate(CORPUS):
            codes = [problem.code for problem in problems_of(corruption, valid_bundle, Path(folder) / str(number))]
            missed += corruption.code not in codes
            outcome = "refused" if corruption.code in codes else f"MISSED, found {codes}"
            print(f"{corruption.name:60} {corruption.code:20} {outcome}")
    print(json.dumps({"corrupted bundles": len(CORPUS), "not refused as they should be": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
