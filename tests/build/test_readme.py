"""The page of codes is the code."""

import re
from pathlib import Path

from tests.build.corrupt import CORPUS
from tests.build.gate import manifest_violations, verdict_violations
from tests.build.gate.test_gate import VERDICTS

VIOLATIONS = {**manifest_violations.VIOLATIONS, **verdict_violations.VIOLATIONS}
BUILD = Path(__file__).resolve().parents[2] / "build"
FAMILIES = (
    "folder|file|manifest|calibration|log|library|feature|statistic|position|linear|bounds|direction|booster|trees?|leaf|golden|verdict|check|"
    "bundle|tag|work|store|blob|base|smoke-test|registry|ecr|release|image|layer|engine|python|key|signature"
)
CODE = rf"(?:{FAMILIES})(?:-[a-z]+)+"


def test_the_page_lists_every_code_of_the_code_and_no_other():
    sources = [*(BUILD.parent / "model" / "bundle").glob("*.py"), *BUILD.rglob("*.py")]
    text = "".join(path.read_text() for path in sources if path.name != "debian.py")
    codes = set(re.findall(rf'"({CODE})"', text))
    assert codes == set(re.findall(rf"`({CODE})`", (BUILD / "README.md").read_text()))


def test_every_code_of_a_bundle_or_verdict_has_a_damage_that_triggers_it():
    page = (BUILD / "README.md").read_text().partition("After the gate:")[0]
    demonstrated = {corruption.code for corruption in CORPUS} | {code for _, code in VERDICTS.values()}
    demonstrated |= {violation.rpartition(" | ")[2] for violation in VIOLATIONS}
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
    assert set(re.findall(rf"`({CODE})`", page)) == demonstrated | elsewhere | never_yet
