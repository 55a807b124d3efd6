"""Every argument is looked at before anything starts, and all that is wrong is told at once."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from build.oci.layout import Layout
from build.oci.publish import publish
from model.errors import SpecError, UsageError
from pipelines.arguments import TrainingArguments, has_simulator, read_training_request
from pipelines.compile import ROOT
from pipelines.local.run_dir import Output
from tests.build.image.server_image import server

PORTAL = str(ROOT / "examples" / "rental_portal")


def request(tmp_path, *arguments, **environment):
    """The portal's request with these arguments; results go to tmp_path/out."""
    words = (argument.removeprefix("--").partition("=") for argument in arguments)
    values = {"spec": PORTAL, "out": str(tmp_path / "out")} | {name: value for name, _, value in words}
    environ = {"KAMADO_CACHE": str(tmp_path / "cache")} | environment
    return read_training_request(TrainingArguments(**values), (), environ)


def problems(tmp_path, *arguments, **environment):
    with pytest.raises(UsageError) as refusal:
        request(tmp_path, *arguments, **environment)
    assert not (tmp_path / "out").exists()
    return refusal.value.problems


ONE_BY_ONE = {
    "--spec=/nowhere": ("spec-missing", "Name a folder with spec.yaml"),
    "--data=/nowhere": ("data-missing", "is not there"),
    "--bigquery=nonsense": ("source-unknown", "BIGQUERY: is 'nonsense'. Write it as PROJECT[.DATASET]@LOCATION"),
    "--out=/proc/version/out": ("out-unwritable", "Choose a folder you may write to"),
    "--out=a[1]": ("path-pattern", r"Name a folder without"),
    "--out=a{{$}}": ("path-pattern", "has {{$ in its path"),
    "--end=soon": ("end-unreadable", "'soon' is not a day since 1990. Write it like 2026-07-01"),
    "--end=0001-01-01": ("end-unreadable", "'0001-01-01' is not a day since 1990"),
    "--end=2999-01-01": ("end-future", "END: is 2999-01-01, which lies in the future"),
    "--end=20260701": ("end-unreadable", "Write it like 2026-07-01"),
    "--trials=0": ("trials-unreadable", "'0' is not a whole number from 1 to 1,000,000. Write it like 60"),
    f"--trials={'9' * 5000}": ("trials-unreadable", "Write it like 60"),
    "--minutes=soon": ("minutes-unreadable", "above 0, and at most 1,000,000. Write it like 10"),
    "--minutes=nan": ("minutes-unreadable", "'nan' is not"),
    "--base=oci:/nowhere": ("base-missing", "Use oci:FOLDER:TAG"),
    "--base=Not An Image": ("base-reference", "does not name an image"),
    "--champion=/nowhere": ("champion-missing", "oci:FOLDER"),
    "--champion=oci:/nowhere": ("champion-missing", "oci:FOLDER"),
    "--champion=registry://": ("store-unknown", "oci:FOLDER"),
    "--runner=podman": ("runner-unknown", "is 'podman'. Use subprocess or docker"),
    "--champion=foo://host/x": ("store-unknown", "foo://host/x: does not name an image store"),
}  # fmt: skip


@pytest.mark.case("a wrong argument of make run")
@pytest.mark.parametrize("argument", ONE_BY_ONE, ids=lambda argument: argument[:24])
def test_a_wrong_argument_is_refused_before_anything_is_written(argument, tmp_path, outcome):
    code, hint = ONE_BY_ONE[argument]
    (problem,) = problems(tmp_path, argument)
    assert problem.code == code
    assert hint in str(problem)
    outcome(str(problem)[:200])


@pytest.mark.case("everything wrong at once: SPEC, DATA, OUT, BASE_IMAGE, CHAMPION, TRIALS, MINUTES, END")
def test_all_that_is_wrong_is_told_at_once_with_exit_2(tmp_path, outcome):
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "spec.yaml").write_text("model: Rent\n")
    wrong = [next(word for word in ONE_BY_ONE if word.startswith(f"--{name}="))
             for name in ("data", "base", "champion", "trials", "minutes", "end")]  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "cli",
        "run",
        f"--spec={tmp_path}/spec",
        "--out=/proc/version/out",
        *wrong,
        "--json",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    refusal = json.loads(done.stdout)
    assert (refusal["outcome"], refusal["exit_code"]) == ("refused", 2)
    codes = {problem["code"] for problem in refusal["problems"]}
    assert codes >= {"out-unwritable", *(ONE_BY_ONE[word][0] for word in wrong[:6])}
    assert any(problem["where"] == "columns" for problem in refusal["problems"]), "the spec's own problems"
    assert "usage" not in done.stderr
    assert "Traceback" not in done.stderr
    outcome(f"exit 2, {len(refusal['problems'])} problems")


WRONG_KEYS = {
    "a required key and none to sign with": ({"require": "mine.pub"}, ["signature-missing"]),
    "a required key of somebody else": ({"require": "other.pub", "signing": "mine.pem"}, ["signature-broken"]),
    "two files that are not there": ({"require": "x.pub", "signing": "x.pem"}, ["key-missing", "key-missing"]),
    "each in the place of the other": ({"require": "mine.pem", "signing": "mine.pub"}, ["key-unfit", "key-unfit"]),
}


@pytest.mark.case("keys with which no image could be made: told after the training")
@pytest.mark.parametrize("case", WRONG_KEYS)
def test_keys_are_looked_at_before_anything_is_trained(case, keys, tmp_path, outcome):
    named, codes = WRONG_KEYS[case]
    refused = problems(tmp_path, **{f"KAMADO_{role.upper()}_KEY": str(keys / name) for role, name in named.items()})
    outcome(str(refused[0]).replace(str(keys), "KEYS")[:200])
    assert [problem.code for problem in refused] == codes


def test_keys_that_belong_together_are_taken(keys, tmp_path):
    pair = {"KAMADO_REQUIRE_KEY": str(keys / "mine.pub"), "KAMADO_SIGNING_KEY": str(keys / "mine.pem")}
    assert request(tmp_path, **pair).data.spec.training.trials == 60


def test_a_spec_that_ends_in_the_future_is_refused_before_it_is_trained(tmp_path):
    text = (ROOT / "examples" / "rental_portal" / "spec.yaml").read_text()
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "training.sql").write_text("SELECT 1")
    (tmp_path / "spec" / "spec.yaml").write_text(text.replace("end: 2026-07-01", "end: 2999-01-01"))
    (problem,) = problems(tmp_path, f"--spec={tmp_path}/spec", f"--data={tmp_path}")
    assert (problem.where, problem.code) == ("source.end", "end-future")
    assert request(tmp_path, f"--spec={tmp_path}/spec", f"--data={tmp_path}", "--end=2026-07-01").data.end.year == 2026


def test_a_spec_that_alone_is_wrong_is_refused_as_a_spec(tmp_path):
    (tmp_path / "spec.yaml").write_text("model: Rent\n")
    with pytest.raises(SpecError):
        request(tmp_path, f"--spec={tmp_path}", f"--data={tmp_path}")


def test_both_sources_are_one_too_many(tmp_path):
    (problem,) = problems(tmp_path, "--bigquery=p@EU", f"--data={tmp_path}")
    assert problem.code == "data-twice"


def test_a_spec_may_name_its_project_and_both_arguments_win_over_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")  # never called
    text = (
        Path(PORTAL, "spec.yaml").read_text("utf-8").replace("source:\n", "source:\n  bigquery: from-spec.logs@EU\n", 1)
    )
    (tmp_path / "spec.yaml").write_text(text)
    shutil.copyfile(Path(PORTAL, "training.sql"), tmp_path / "training.sql")
    spec = f"--spec={tmp_path}"
    assert request(tmp_path, spec).data.source == "bigquery:from-spec.logs@EU"
    assert request(tmp_path, spec, "--bigquery=p@US").data.source == "bigquery:p@US"
    assert request(tmp_path, spec, f"--data={tmp_path}").data.source == f"duckdb:{tmp_path}"


def test_places_on_this_disk_are_named_in_full(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    publish(Layout(tmp_path / "bases"), server(), "server-1")
    (tmp_path / "images").mkdir()
    run_request = request(tmp_path, "--base=oci:bases:server-1", "--champion=oci:images")
    assert (run_request.base, run_request.champion) == (f"oci:{tmp_path}/bases:server-1", f"oci:{tmp_path}/images")


def test_a_folder_that_another_run_holds_is_refused_before_the_run(tmp_path):
    with Output(tmp_path / "out").locked(), pytest.raises(UsageError, match="in use by another run"):
        request(tmp_path)


def test_overrides_are_part_of_the_spec_that_runs_and_of_its_digest(tmp_path):
    plain = request(tmp_path).data.spec
    spec = request(tmp_path, "--trials=3", "--minutes=2", "--end=2026-06-01").data.spec
    assert (spec.training.trials, spec.training.minutes, str(spec.source.end)) == (3, 2.0, "2026-06-01")
    assert spec.spec_sha256 != plain.spec_sha256
    assert spec.sql_sha256 == plain.sql_sha256
    same = request(tmp_path, f"--trials={plain.training.trials}", f"--end={plain.source.end}").data.spec
    assert same.spec_sha256 == plain.spec_sha256


def test_the_end_of_today_is_no_part_of_the_spec(tmp_path):
    """Its digest would be another one every day."""
    text = (ROOT / "examples" / "rental_portal" / "spec.yaml").read_text()
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "training.sql").write_text("SELECT 1")
    (tmp_path / "spec" / "spec.yaml").write_text(text.replace("  end: 2026-07-01\n", ""))
    data = request(tmp_path, f"--spec={tmp_path}/spec", f"--data={tmp_path}").data
    assert data.spec.source.end is None
    assert data.end is not None


def test_only_the_example_that_is_simulated_needs_no_data():
    assert has_simulator(ROOT / "examples" / "rental_portal")
    assert not has_simulator(ROOT / "cli"), "a folder of the checkout with a simulate.py of its own"
