"""The gate: a valid bundle passes, every corruption is refused with its code, and no build avoids it."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from build.gate.gate import DEFAULT, CheckLimits, verify, verify_or_raise
from build.gate.verdict import verdict_problems
from build.image.build import build
from build.image.request import BuildRequest
from model.bundle.bundle import load
from model.bundle.folder import BOOSTER, GOLDEN, MANIFEST, bundle_digest
from model.errors import BundleError
from tests.build.corrupt import CORPUS, problems_of
from tests.build.tamper import forge_booster, forge_golden, forge_manifest
from tests.bundles import write_valid_bundle
from tests.verdicts import verdict_of

ROOT = Path(__file__).resolve().parents[3]


def codes(problems):
    return [problem.code for problem in problems]


def test_a_sound_bundle_with_its_verdict_passes_and_is_named_by_its_digest(valid_bundle, verdict):
    assert verify(valid_bundle, verdict) == []
    assert verify_or_raise(valid_bundle, verdict).digest == bundle_digest(valid_bundle)


def test_bundles_of_other_data_pass_too(tmp_path):
    assert [verify(write_valid_bundle(tmp_path / str(seed), seed=seed), None) for seed in (1, 2)] == [[], []]


@pytest.mark.parametrize("corruption", CORPUS, ids=lambda corruption: corruption.name)
def test_a_corrupted_bundle_is_refused_with_its_code_and_a_hint(corruption, valid_bundle, tmp_path):
    problems = problems_of(corruption, valid_bundle, tmp_path)
    assert corruption.code in codes(problems)
    assert all(problem.where and problem.problem and problem.hint and problem.code for problem in problems)


def test_no_two_corruptions_have_one_name():
    names = [corruption.name for corruption in CORPUS]
    assert len(set(names)) == len(names) >= 60


def flip_a_byte(bundle):
    data = bytearray((bundle / BOOSTER).read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / BOOSTER).write_bytes(data)


def swap_the_objective(bundle):
    forge_booster(bundle, lambda booster: booster["learner"]["objective"].update(name="reg:squarederror"))


def make_a_leaf_nan(bundle):
    def corrupt(booster):
        booster["learner"]["gradient_booster"]["model"]["trees"][0]["split_conditions"][-1] = float("nan")

    forge_booster(bundle, corrupt)


BROKEN = [(flip_a_byte, "file-digest"), (swap_the_objective, "booster-objective"), (make_a_leaf_nan, "tree-nan")]


@pytest.mark.parametrize(("corrupt", "code"), BROKEN)
def test_a_bundle_broken_by_hand_becomes_no_image_even_with_a_verdict_for_it(corrupt, code, bundle, tmp_path):
    verdict, before = verdict_of(bundle, tmp_path / "verdict.json"), bundle_digest(bundle)
    corrupt(bundle)
    verdict.write_text(verdict.read_text().replace(before, bundle_digest(bundle)))
    with pytest.raises(BundleError) as refusal:
        build(bundle, verdict, BuildRequest(f"oci:{tmp_path / 'images'}", None, tmp_path / "cache"))
    assert code in codes(refusal.value.problems)
    assert "verdict-other-bundle" not in codes(refusal.value.problems)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "verdict.json"]


def test_every_problem_is_reported_at_once(bundle, tmp_path):
    forge_booster(bundle, lambda d: d["learner"]["objective"].update(name="reg:squarederror"))
    forge_golden(bundle, lambda rows: rows[2]["input"].pop("rent"))
    forge_manifest(bundle, lambda m: m["libraries"].update(xgboost="1.0.0"))
    (bundle / "more").touch()
    refused = codes(verify(bundle, tmp_path / "verdict.json"))
    assert {"booster-objective", "golden-input", "library-version", "file-extra", "verdict-missing"} <= set(refused)


VERDICTS = {
    "another format": ({"format": 2}, "verdict-format"),
    "hold": ({"verdict": "hold"}, "verdict-not-promote"),
    "insufficient data": ({"verdict": "insufficient-data"}, "verdict-not-promote"),
    "Promote in capitals": ({"verdict": "PROMOTE"}, "verdict-not-promote"),
    "true instead of a word": ({"verdict": True}, "verdict-not-promote"),
    "no word": ({"verdict": None}, "verdict-not-promote"),
    "no reasons": ({"reasons": None}, "verdict-reasons"),
    "empty reasons": ({"reasons": []}, "verdict-reasons"),
    "hold made promote by hand": (
        {"reasons": [{"rule": "auc", "passed": False, "message": "Worse."}]},
        "verdict-reasons",
    ),
    "another bundle": ({"bundle": "sha256:" + "0" * 64}, "verdict-other-bundle"),
    "no bundle": ({"bundle": None}, "verdict-other-bundle"),
    "another spec": ({"spec_sha256": "0" * 64}, "verdict-other-spec"),
    "another query": ({"sql_sha256": "0" * 64}, "verdict-other-spec"),
    "no metrics": ({"metrics": None}, "verdict-metrics"),
    "empty metrics": ({"metrics": {}}, "verdict-metrics"),
    "a metric that is text": ({"metrics": {"auc": "0.9"}}, "verdict-metrics"),
    "a metric that is true": ({"metrics": {"auc": True}}, "verdict-metrics"),
    "a metric that is absent": ({"metrics": {"auc": None}}, "verdict-metrics"),
    "a NaN metric": ({"metrics": {"auc": float("nan")}}, "verdict-json"),
    "an infinite metric": ({"metrics": {"auc": float("-inf")}}, "verdict-json"),
}


def test_every_bit_of_a_verdict_counts(valid_bundle, tmp_path):
    data = verdict_of(valid_bundle, tmp_path / "verdict.json").read_bytes()
    digest, manifest = bundle_digest(valid_bundle), load(valid_bundle).manifest
    assert verdict_problems(data, digest=digest, manifest=manifest) == []
    for index in range(len(data)):
        for bit in range(8):
            flipped = bytearray(data)
            flipped[index] ^= 1 << bit
            assert verdict_problems(bytes(flipped), digest=digest, manifest=manifest) != [], (index, bit)


def test_a_figure_that_was_edited_is_refused(valid_bundle, tmp_path):
    path = verdict_of(valid_bundle, tmp_path / "verdict.json")
    path.write_text(path.read_text().replace('"auc": 0.71', '"auc": 0.72'))
    assert codes(verify(valid_bundle, path)) == ["verdict-digest"]


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_that_does_not_promote_this_bundle_is_refused(name, valid_bundle, tmp_path):
    changes, code = VERDICTS[name]
    data = verdict_of(valid_bundle, tmp_path / "verdict.json", **changes).read_bytes()
    assert code in codes(
        verdict_problems(data, digest=bundle_digest(valid_bundle), manifest=load(valid_bundle).manifest)
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [("", "verdict-json"), ("promote", "verdict-json"), ("[]", "verdict-json"), ('{"a": 1, "a": 2}', "verdict-json")],
)
def test_a_verdict_that_is_no_json_object_is_refused(content, code, valid_bundle, tmp_path):
    (tmp_path / "verdict.json").write_text(content)
    assert codes(verify(valid_bundle, tmp_path / "verdict.json")) == [code]


UNREADABLE = {
    "a metric of 1e999": "1e999",
    "a metric of 401 digits": "1" + "0" * 400,
    "a metric of 5,000 digits": "7" * 5_000,
    "a metric nested 100,000 deep": "[" * 100_000 + "]" * 100_000,
    "a metric nested 900 deep": "[" * 900 + "]" * 900,
    "a metric nested without end": '{"a":' * 100_000,
}


@pytest.mark.case("a verdict with a number or a nesting that no reader should follow")
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_verdict_beyond_what_readers_follow_is_one_fault(name, valid_bundle, tmp_path, outcome):
    path = verdict_of(valid_bundle, tmp_path / "verdict.json")
    path.write_text(path.read_text().replace('"auc": 0.71', f'"auc": {UNREADABLE[name]}'))
    (problem,) = verdict_problems(
        path.read_bytes(), digest=bundle_digest(valid_bundle), manifest=load(valid_bundle).manifest
    )
    assert problem.code == "verdict-json"
    assert len(problem.problem) < 120
    outcome(problem)


def test_a_folder_in_place_of_the_verdict_is_no_verdict(valid_bundle, tmp_path):
    assert codes(verify(valid_bundle, tmp_path)) == ["verdict-missing"]


def test_a_check_ends_with_its_parent(valid_bundle):
    """Stopped, as one that hangs would be: then only its parent keeps the time."""
    builder = subprocess.Popen([sys.executable, "-m", "cli", "verify", str(valid_bundle)], cwd=ROOT)
    tasks = Path(f"/proc/{builder.pid}/task/{builder.pid}/children")
    while not (pids := tasks.read_text().split()):
        time.sleep(0.005)
    check = int(pids[0])
    while str(DEFAULT.memory) not in Path(f"/proc/{check}/limits").read_text():  # set after it was tied to its parent
        time.sleep(0.005)
    os.kill(check, signal.SIGSTOP)
    builder.send_signal(signal.SIGTERM)
    assert builder.wait(20) == 128 + signal.SIGTERM
    end = time.monotonic() + 10
    while (running := runs(check)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not running


def test_a_check_whose_parent_has_ended_before_it_began_checks_nothing(valid_bundle):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    command = [sys.executable, "-m", "build.gate.worker", str(ended.pid), str(DEFAULT.memory), str(valid_bundle)]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout) == (1, "")
    assert "has ended" in check.stderr


def test_a_check_that_takes_too_long_is_a_refusal(valid_bundle):
    assert codes(verify(valid_bundle, None, limits=CheckLimits(seconds=0.05))) == ["check-timeout"]


def test_a_check_that_takes_too_much_memory_is_a_refusal(valid_bundle):
    assert codes(verify(valid_bundle, None, limits=CheckLimits(memory=100 << 20))) == ["check-crashed"]


def test_a_check_that_dies_of_a_signal_is_a_refusal(valid_bundle):
    """What XGBoost does on a cycle, if the booster check missed one."""
    killer = threading.Thread(target=segfault_the_next_child, args=(set(children()),))
    killer.start()
    problems = verify(valid_bundle, None)
    killer.join()
    assert codes(problems) == ["check-killed"]
    assert "SIGSEGV" in problems[0].problem


def runs(process: int) -> bool:
    """Ended orphans that nobody waits for stay listed, without a command."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def children() -> list[int]:
    return [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def segfault_the_next_child(before: set[int]) -> None:
    while not (new := set(children()) - before):
        pass
    os.kill(new.pop(), signal.SIGSEGV)


def test_the_gate_changes_nothing_in_the_bundle(bundle, tmp_path):
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in bundle.iterdir()}
    verify(bundle, None)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in bundle.iterdir()} == before
    assert set(before) == {BOOSTER, GOLDEN, MANIFEST}
