"""What a newcomer does: `make run`, and what they see. The compiled pipeline runs for real, on small tables."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from build.oci.layout import Layout
from build.oci.publish import publish
from model.errors import BundleError, Problem
from pipelines.compile import ROOT
from pipelines.local.events import StepError
from pipelines.local.run import _keeping_promoted
from pipelines.local.run_dir import Output
from tests.build.image.server_image import server
from tests.build.publisher import by_verb, started
from tests.kamado import kamado
from tests.once import once
from tests.pipelines.small_model import write_promoted

PORTAL = "examples/rental_portal"
LISTS = "1500"
STEPS = ("extract", "preprocess", "train", "evaluate", "refit", "build_image")


def command(out, *more):
    return ["make", "--no-print-directory", "run", f"OUT={out}", "TRIALS=2", *more]  # the last TRIALS counts


def make_run(out, *more):
    return subprocess.run(command(out, *more), cwd=ROOT, capture_output=True, text=True, check=False)


def verdict_of(out):
    return json.loads((Path(out) / "verdict.json").read_text())


def spec_folder(folder, **changes):
    """The portal's spec with lines replaced, as a person would edit it."""
    shutil.copytree(ROOT / PORTAL, folder, ignore=shutil.ignore_patterns("simulate.py", "*.pyc", "__pycache__"))
    text = (folder / "spec.yaml").read_text()
    for old, new in changes.items():
        assert old in text, f"{old!r} is not in the portal's spec.yaml"
        text = text.replace(old, new)
    (folder / "spec.yaml").write_text(text)
    return folder


@pytest.fixture(scope="session")
def portal(run_folder):
    """Tables of a small portal, with too few inquiries for a model to be promoted."""

    def make(folder):
        subprocess.run([sys.executable, "-m", "cli", "simulate", folder, "--lists", LISTS], cwd=ROOT, check=True)

    return once(run_folder / "portal", make) / "data"


@pytest.fixture(scope="session")
def small(run_folder):
    """(SPEC, DATA) of a small model that is promoted."""
    folder = once(run_folder / "small", write_promoted)
    return folder / "spec", folder / "data"


@dataclass(frozen=True)
class First:
    """A promoted run: where it is, what it said, and the steps that it was killed at without anything to see of it."""

    out: Path
    done: subprocess.CompletedProcess[str]
    killed: list[str]


@pytest.fixture(scope="session")
def first(run_folder, small):
    """One promoted run, looked at by many tests. KFP's own runner would spoil a path with "python3" in it."""
    spec, data = small

    def make(folder):
        out, killed = folder / "out", []
        for step in STEPS:
            kill_during(step, out, spec, data)
            killed += [] if (out / "latest").exists() else [step]
        done = make_run(out, f"SPEC={spec}", f"DATA={data}")
        (folder / "first.json").write_text(json.dumps({"done": done.__dict__, "killed": killed}))

    folder = once(run_folder / "the python3 team's", make)
    document = json.loads((folder / "first.json").read_text())
    return First(folder / "out", subprocess.CompletedProcess(**document["done"]), document["killed"])


def kill_during(step, out, spec, data):
    """SIGKILL the run itself as soon as `step` has started; its steps must go with it."""
    words = ["run", "--spec", str(spec), "--data", str(data), "--out", str(out), "--trials", "2"]
    run = started(by_verb, words, {})
    event = f'{{"step": "{step}", "event": "started"}}'
    while run.is_alive() and not any(event in file.read_text() for file in out.glob("runs/*/events.jsonl")):
        time.sleep(0.02)
    run.kill()
    run.join()


@dataclass(frozen=True)
class WithoutAnImage:
    """A promoted run that never was killed, whose base was lost, and what the command that it told did."""

    run: subprocess.CompletedProcess[str]
    latest: bool
    built: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def without_an_image(small, tmp_path_factory):
    """The base is there when the arguments are looked at, and gone when the image is built."""
    folder = tmp_path_factory.mktemp("without an image")
    (spec, data), out, base = small, folder / "out", folder / "base"
    publish(Layout(base), server(), "server-1")
    words = command(out, f"SPEC={spec}", f"DATA={data}", f"BASE_IMAGE=oci:{base}")
    run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in run.stdout:
        if line.startswith("train "):
            base.rename(folder / "gone")
            break
    message, _ = run.communicate()
    latest = (out / "latest").exists()
    advice = message.partition("without training again:\n")[2].splitlines()[0]
    built = subprocess.run(["bash", "-c", f"{advice} --json"], cwd=ROOT, capture_output=True, text=True, check=False)
    return WithoutAnImage(subprocess.CompletedProcess(words, run.returncode, message), latest, built)


class TestPromoted:
    def test_it_exits_0_and_its_last_line_is_the_image(self, first):
        out, done = first.out, first.done
        assert done.returncode == 0, done.stdout + done.stderr
        last = done.stdout.strip().splitlines()[-1]
        assert re.fullmatch(r"image kamado:rent-conversion-[0-9TZ]+-[0-9a-f]{12}@sha256:[0-9a-f]{64}", last)
        assert last.removeprefix("image ") == json.loads((out / "image.json").read_text())["reference"]

    def test_one_screen_says_verdict_metrics_rejections_and_paths(self, first):
        for message in ("promote", "log loss", "logistic", "rent per m2", "report.html", "bundle"):
            assert message in first.done.stdout, message

    def test_the_log_says_what_each_step_did_and_the_runners_words_are_beside_it(self, first):
        out = first.out
        lines = (out / "run.log").read_text().splitlines()
        assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [a-z_]+ ", line) for line in lines)
        steps = [line.split()[1] for line in lines if line.split()[2] == "finished"]
        assert steps == [
            *("load_spec", "resolve", "champion", "extract", "preprocess", "train", "evaluate"),
            *("refit", "build_image", "conclude"),
        ]
        assert lines[-1].endswith(json.loads((out / "image.json").read_text())["reference"])
        assert len(lines) < 80
        assert "executor" in (out / "latest" / "kfp.log").read_text()

    def test_the_verdict_names_the_bundle_beside_it(self, first):
        out = first.out
        check = subprocess.run(
            [sys.executable, "-m", "cli", "verify", out / "bundle", "--verdict", out / "verdict.json"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert check.returncode == 0, check.stdout

    def test_skopeo_agrees_on_the_digest(self, first):
        out = first.out
        if shutil.which("skopeo") is None:
            pytest.skip("needs skopeo to read the layout independently: apt-get install skopeo")
        image = json.loads((out / "image.json").read_text())
        inspect = ["skopeo", "inspect", "--format", "{{.Digest}}", f"oci:{out / 'images'}:{image['tag']}"]
        message = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()
        assert message == image["digest"]

    def test_make_serve_answers_a_golden_row_to_the_last_digit(self, first):
        out = first.out
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        serve = ["make", "--no-print-directory", "serve", f"OUT={out}", f"PORT={port}"]
        server = subprocess.Popen(serve, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        try:
            assert "serves rent-conversion sha256:" in server.stdout.readline()
            row = json.loads((out / "bundle" / "golden.json").read_text())[7]
            answer = requests.post(f"http://127.0.0.1:{port}/predict", json=row["input"], timeout=10).json()
            assert answer["probability"] == row["probability"]
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.communicate(timeout=20)

    def test_make_report_names_the_report(self, first):
        out = first.out
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        message = subprocess.run(
            ["make", "--no-print-directory", "report", f"OUT={out}"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert Path(message.stdout.strip()).samefile(out / "report.html")

    def test_killed_at_every_step_it_completes_when_started_again_with_the_same_digests(self, first, without_an_image):
        assert first.killed == list(STEPS)
        assert first.done.returncode == 0, first.done.stdout + first.done.stderr
        expected = json.loads(without_an_image.built.stdout)
        assert json.loads((first.out / "image.json").read_text()) == {**expected, "outcome": "written"}
        assert len(list((first.out / "runs").iterdir())) == 1


class TestNotPromoted:
    def test_too_little_data_exits_3_with_the_verdict_and_no_image(self, portal, tmp_path):
        """And a champion that is not there is reported on the last screen, where a misspelled store is seen."""
        store = Layout(tmp_path / "images of others")
        publish(store, server(), "server-1")
        done = make_run(tmp_path / "out", f"DATA={portal}", "TRIALS=1", f"CHAMPION=oci:{store.folder}")
        assert done.returncode == 2, "make turns every failing exit code into its own 2"
        assert "others holds no release of this model, so only the baselines had to be beaten" in done.stdout
        assert "insufficient-data" in done.stdout
        assert verdict_of(tmp_path / "out")["verdict"] == "insufficient-data"
        assert not (tmp_path / "out" / "images").exists()
        assert not (tmp_path / "out" / "image.json").exists()


class TestPromotedWithoutAnImage:
    def test_a_base_that_is_lost_meanwhile_loses_no_model_and_the_command_that_is_told_builds_it(
        self, without_an_image
    ):
        run, built = without_an_image.run, without_an_image.built
        assert run.returncode == 2
        assert "[base-missing]" in run.stdout
        assert not without_an_image.latest
        assert built.returncode == 0, built.stderr
        assert json.loads(built.stdout)["reference"].startswith("kamado:rent-conversion-")

    @pytest.mark.case("a promoted model that the gate refuses: a command was told that could only be refused again")
    def test_what_the_gate_refuses_is_kept_and_called_a_defect(self, tmp_path, outcome):
        run = tmp_path / "runs" / "000001"
        run.mkdir(parents=True)
        (run / "verdict.json").touch()
        refusal = BundleError(Problem("verdict reasons", "are absent", "Run evaluate", "verdict-reasons"))
        ended = StepError("build_image", str(refusal), refusal.problems, outcome="refused", log=None)
        message = _keeping_promoted(ended, run, Output(tmp_path)).message
        outcome(message.splitlines()[-1].replace(str(tmp_path), "OUT"))
        assert "kamado image" not in message
        assert message.endswith(f"is a defect of Kamado; it is kept: {run}")
        assert (run / "run.json").exists(), "the next run does not clear it away"


class TestRefused:
    """Nothing of an earlier run changes, and the message is the last thing on the screen, without a traceback."""

    @pytest.fixture
    def before(self, tmp_path):
        out = tmp_path / "out"
        (out / "runs" / "000001").mkdir(parents=True)
        (out / "runs" / "000001" / "run.json").touch()
        (out / "runs" / "000001" / "verdict.json").write_text('{"verdict": "promote"}')
        (out / "latest").symlink_to("runs/000001")
        (out / "verdict.json").symlink_to("latest/verdict.json")
        return out

    def refused(self, out, *words, code):
        """What is on the screen."""
        answer = kamado("run", "--out", out, "--trials", "2", *words)
        assert answer.code == code
        return self.screen(out, answer.out + answer.err)

    def refused_by_make(self, out, *words):
        done = make_run(out, *words)
        assert done.returncode == 2, "make turns every failing exit code into its own 2"
        return self.screen(out, done.stdout + done.stderr)

    def screen(self, out, text):
        assert "Traceback" not in text
        assert verdict_of(out) == {"verdict": "promote"}
        return re.sub(r"\s+", " ", text)

    def test_a_faulty_spec_lists_all_its_faults(self, before, portal, tmp_path):
        spec = spec_folder(tmp_path / "spec", **{"model: rent-conversion": "model: Rent\nsplt: 3"})
        message = self.refused(before, "--spec", spec, "--data", portal, code=1)
        assert "2 problem(s)" in message
        assert "splt: is an unknown key. Did you mean `split`?" in message
        assert "model: is 'Rent'" in message

    def test_a_table_that_is_not_in_data_is_named(self, before, tmp_path):
        (tmp_path / "empty").mkdir()
        message = self.refused_by_make(before, f"DATA={tmp_path / 'empty'}")
        assert "impressions" in message
        assert "1 problem(s)" in message or "problem(s)" in message

    def test_data_that_is_not_given_is_asked_for(self, before):
        message = self.refused_by_make(before, "SPEC=examples/telco_churn")
        assert "DATA: is missing. Try: make run SPEC=examples/telco_churn DATA=" in message

    def test_a_full_disk_is_told_as_that(self, portal, tmp_path):
        small = tmp_path / "small"
        small.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small]
        if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("needs to mount a small disk, which root alone may do here; nothing to fix")
        try:
            done = make_run(small / "out", f"DATA={portal}")
        finally:
            subprocess.run(["umount", "--lazy", small], check=True)
        assert done.returncode == 2
        assert "Traceback" not in done.stdout + done.stderr
        assert "No space left" in done.stderr
        assert "Free some space" in done.stderr

    def test_a_second_run_into_one_out_is_refused(self, before, portal):
        with Output(before).locked():
            message = self.refused(before, "--data", portal, code=2)
        assert "in use by another run" in message

    def test_a_spec_that_is_named_by_its_file_is_told_its_folder(self, before):
        message = self.refused(before, "--spec", f"{PORTAL}/spec.yaml", code=1)
        assert f"is a file. SPEC names the folder that it is in: {PORTAL}" in message

    def test_a_folder_that_reads_like_a_pattern_is_refused_before_anything_is_written(self, portal, tmp_path):
        answer = kamado("run", "--out", tmp_path / "out[1]", "--data", portal)
        assert answer.code == 2
        assert "has [ ] in its path" in answer.err
        assert not (tmp_path / "out[1]").exists()

    def test_a_spec_elsewhere_that_has_a_program_is_asked_for_its_data(self, before, tmp_path):
        spec = spec_folder(tmp_path / "spec")
        (spec / "simulate.py").touch()
        assert "DATA: is missing" in self.refused(before, "--spec", spec, code=2)
