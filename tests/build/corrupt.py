"""The corpus of damage: every way we know to spoil a bundle, and the code that the gate must refuse it with.

`python -m tests.build.corrupt` prints the table. Where the name does not say otherwise, the attacker has made every
checksum right again.
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
from tests.build.corpus.inject import Damage
from tests.build.corpus.manifest import MEANING
from tests.build.corpus.tree import TREES
from tests.build.valid_bundle import sound_bundle

CORPUS = [*FOLDER, *UNFORGED, *MEANING, *GOLDENS, *BOOSTERS, *TREES]


def problems_of(damage: Damage, sound: Path, folder: Path) -> list[Problem]:
    """What the gate finds in a copy of the sound bundle, spoiled so."""
    bundle = folder / "bundle"
    shutil.copytree(sound, bundle)
    damage.spoil(bundle)
    return [result for result in check(bundle, None) if isinstance(result, Problem)]


def main() -> int:
    """Print problem -> code -> refused for the whole corpus; 1 when one of them passed."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        sound = sound_bundle(Path(folder) / "sound")
        for number, damage in enumerate(CORPUS):
            codes = [problem.code for problem in problems_of(damage, sound, Path(folder) / str(number))]
            missed += damage.code not in codes
            outcome = "refused" if damage.code in codes else f"MISSED, found {codes}"
            print(f"{damage.name:60} {damage.code:20} {outcome}")
    print(json.dumps({"damaged bundles": len(CORPUS), "not refused as they should be": missed}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
