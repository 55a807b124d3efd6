"""The page of codes is the code."""

import re
from pathlib import Path

from tests.build.corrupt import CORPUS
from tests.build.gate.test_gate import VERDICTS
from tests.build.gate.violations import VIOLATIONS

ROOM = Path(__file__).resolve().parents[2] / "build"
FAMILIES = (
    "folder|file|manifest|calibration|log|library|feature|position|linear|bounds|direction|booster|trees?|leaf|golden|verdict|check|"
    "bundle|tag|work|place|blob|base|smoke-test|registry|ecr|release|image|layer|engine|python|key|signature"
)
CODE = rf"(?:{FAMILIES})(?:-[a-z]+)+"


def test_every_code_that_can_be_told_is_on_the_page_and_no_other():
    sources = [ROOM.parent / "model" / "bundle" / "bundle.py", *ROOM.rglob("*.py")]
    text = "".join(path.read_text() for path in sources if path.name != "debian.py")
    told = set(re.findall(rf'"({CODE})"', text))
    assert told == set(re.findall(rf"`({CODE})`", (ROOM / "README.md").read_text()))


def test_every_code_of_a_bundle_or_verdict_has_a_damage_that_shows_it():
    page = (ROOM / "README.md").read_text().partition("After the gate:")[0]
    shown = {damage.code for damage in CORPUS} | {code for _, code in VERDICTS.values()}
    shown |= {broken.rpartition(" | ")[2] for broken in VIOLATIONS}
    # These need a machine, a child process or an XGBoost that misbehaves.
    elsewhere = {
        "verdict-digest",
        "check-timeout",
        "check-killed",
        "check-crashed",
        "file-unreadable",
        "verdict-missing",
    }
    never_yet = {"golden-range", "golden-order"}
    assert set(re.findall(rf"`({CODE})`", page)) == shown | elsewhere | never_yet
