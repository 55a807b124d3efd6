"""`make check-spec`: what a person sees of a spec and its data before any training."""

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.compile import ROOT
from pipelines.local.run_dir import MARK
from tests.kamado import kamado
from tests.logs import log, replaced
from tests.pipelines.small_model import SQL, write_model


def check(*arguments):
    """(exit code, its JSON) of the verb itself, whose code make would hide."""
    answer = kamado("check-spec", "--json", *arguments)
    return answer.code, json.loads(answer.out)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    spec, data = write_model(folder)
    return spec, data, folder / "out"


def test_it_tells_types_rows_rates_rules_and_parts(small_model):
    spec, data, out = small_model
    code, result = check("--spec", spec, "--data", data, "--out", out)
    assert (code, result["outcome"], result["problems"]) == (0, "finished", [])
    columns = {column["name"]: (column["type"], column["use"]) for column in result["columns"]}
    assert columns["rent"] == ("FLOAT64", "feature, number")
    assert columns["layout"] == ("STRING", "feature, category")
    assert columns["shown_at"] == ("TIMESTAMP", "time")
    assert result["extract"]["rows"] == 3_000
    assert "rent" in [rule["name"] for rule in result["rejections"]["rules"]]
    assert {part: bool(counts["positives"]) for part, counts in result["split"]["splits"].items()} == dict.fromkeys(
        ("train", "calibration", "test"), True
    )
    assert [path.name for path in out.iterdir()] == ["check"], "nothing of a training run is touched"
    assert list((out / "check" / "runs").iterdir()) == [], "and no rows are left behind"


@pytest.mark.case(
    "a test split with too few conversions for any verdict: it was said that the model can be trained, no more"
)
def test_too_few_conversions_for_a_verdict_are_told_before_training(tmp_path, outcome):
    spec, data = write_model(tmp_path)
    code, result = check("--spec", spec, "--data", data, "--out", tmp_path / "out")
    [warning] = [warning for warning in result["warnings"] if "verdict" in warning]
    outcome(warning)
    assert code == 0
    few = result["split"]["splits"]["test"]["positives"]
    assert warning.startswith(f"the test split has {few} conversions, of 200 that a verdict needs")


def test_a_problem_of_a_later_step_is_told_with_what_the_earlier_ones_found(tmp_path):
    table = replaced(log(), "area", log()["inquired"].cast("float64"))
    spec, data = write_model(tmp_path, table)
    code, result = check("--spec", spec, "--data", data, "--out", tmp_path / "out")
    assert (code, result["outcome"], result["step"]) == (1, "refused", "preprocess")
    assert any("area" in problem["where"] for problem in result["problems"])
    assert result["extract"]["rows"] == 3_000
    assert {column["name"] for column in result["columns"]} >= {"area", "rent"}
    assert result["split"] is None
    [run] = (tmp_path / "out" / "check" / "runs").iterdir()
    assert [path.name for path in run.iterdir()] == [MARK], "its id, so that the next check does not pay again"


@pytest.mark.case("rents with thousands separators, which SAFE_CAST turns to NULL")
def test_what_a_safe_conversion_lost_is_among_the_warnings(tmp_path, outcome):
    rents = log()["rent"].to_pylist()
    texts = [f"{rent:,.0f}" if number % 50 == 0 else f"{rent:.0f}" for number, rent in enumerate(rents)]
    spec, data = write_model(tmp_path, replaced(log(), "rent", pa.array(texts)))
    converted = SQL.replace("l.*", "l.* EXCEPT (rent), SAFE_CAST(l.rent AS FLOAT64) AS rent")
    (spec / "training.sql").write_text(converted)
    code, result = check("--spec", spec, "--data", data, "--out", tmp_path / "out")
    [warning] = [warning for warning in result["warnings"] if "SAFE_CAST" in warning]
    outcome(warning)
    assert code == 0
    assert "SAFE_CAST(l.rent AS FLOAT64) turns" in warning
    assert f"{sum(',' in text for text in texts):,} of 3,000 values of table impressions to NULL" in warning


@pytest.mark.case("SIGINT while a step is running")
def test_an_interrupt_of_a_running_step_ends_with_130_and_leaves_its_id_alone(small_model, tmp_path, outcome):
    spec, data, _ = small_model
    arguments = ["--spec", spec, "--data", data, "--out", tmp_path / "out", "--json"]
    command = [sys.executable, "-m", "cli", "check-spec", *(str(argument) for argument in arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "load_spec" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        result, errors = json.loads(process.stdout.read()), process.stderr.read()
    assert process.returncode == 130
    assert (result["outcome"], result["exit_code"]) == ("interrupted", 130)
    assert "Traceback" not in errors
    assert [path.name for path in (tmp_path / "out" / "check" / "runs").rglob("*")] == ["000001", ".kamado"]
    outcome(result["message"])


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The tracked files in a folder whose path has spaces, with this checkout's environment."""
    folder = tmp_path_factory.mktemp("clone") / "a path with spaces" / "kamado"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
    return folder


def test_in_a_clone_whose_path_has_spaces_it_fits_on_a_screen_and_says_that_it_can_be_trained(clone):
    spec, data = write_model(clone / "my model")
    words = [f"{name}={path.relative_to(clone)}" for name, path in {"SPEC": spec, "DATA": data}.items()]
    command = ["make", "--no-print-directory", "check-spec", *words, "OUT=my results"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "small can be trained"
    assert len(lines) <= 50
    for text in ("FLOAT64", "rejected", "calibration", "conversions", "3,000 rows of impressions"):
        assert text in done.stdout, text
    assert (clone / "my results" / "check").is_dir()


def may_run(user) -> bool:
    probe = [sys.executable, "-c", "import kfp.dsl"]
    try:
        return subprocess.run(probe, check=False, capture_output=True, cwd="/", env={}, **user).returncode == 0
    except PermissionError:
        return False


def test_it_works_for_a_user_who_is_not_root_and_has_another_home(clone, tmp_path):
    if os.geteuid():
        pytest.skip("needs root to become another user; nothing to fix")
    user = pwd.getpwnam("nobody")
    folder = Path("/var/tmp") / f"kamado-{tmp_path.name}-{os.getpid()}"
    try:
        shutil.copytree(clone, folder / "kamado", symlinks=True)
        spec, data = write_model(folder / "model")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        if not may_run(as_user):
            pytest.skip("another user may not run this environment's Python; nothing to fix")
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
        command = [sys.executable, "-m", "cli", "check-spec", "--spec", spec, "--data", data, "--out", folder / "out"]
        options = {"cwd": folder / "kamado", "env": environment, **as_user}
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / "out").stat().st_uid == user.pw_uid
    finally:
        shutil.rmtree(folder, ignore_errors=True)
