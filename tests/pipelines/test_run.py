"""What a newcomer does: `make run`, and what they see. The compiled pipeline runs for real, on a small portal."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
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
from tests.once import once

PORTAL = "examples/rental_portal"
LISTS = "12000"


def command(out, *more):
    return ["make", "--no-print-directory", "run", f"OUT={out}", "TRIALS=3", *more]  # the last TRIALS counts


def make_run(out, *more, environment=None):
    environment = {**os.environ, **(environment or {})}
    return subprocess.run(command(out, *more), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


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
    """Tables of a small portal."""

    def make(folder):
        subprocess.run([sys.executable, "-m", "cli", "simulate", folder, "--lists", LISTS], cwd=ROOT, check=True)

    return once(run_folder / "portal", make) / "data"


@pytest.fixture(scope="session")
def first(run_folder, portal):
    """One promoted run, looked at by many tests. KFP's own runner would spoil a path with "python3" in it."""

    def make(folder):
        done = make_run(folder / "out", f"DATA={portal}")
        (folder / "done.json").write_text(json.dumps(done.__dict__))

    folder = once(run_folder / "the python3 team's", make)
    return folder / "out", subprocess.CompletedProcess(**json.loads((folder / "done.json").read_text()))


class TestPromoted:
    def test_it_exits_0_and_its_last_line_is_the_image(self, first):
        out, done = first
        assert done.returncode == 0, done.stdout + done.stderr
        last = done.stdout.strip().splitlines()[-1]
        assert re.fullmatch(r"image kamado:rent-conversion-[0-9TZ]+-[0-9a-f]{12}@sha256:[0-9a-f]{64}", last)
        assert last.removeprefix("image ") == json.loads((out / "image.json").read_text())["reference"]

    def test_one_screen_says_verdict_metrics_rejections_and_paths(self, first):
        _, done = first
        for message in ("promote", "log loss", "logistic", "rent per m2", "report.html", "bundle"):
            assert message in done.stdout, message

    def test_the_log_says_what_each_step_did_and_the_runners_words_are_beside_it(self, first):
        out, _ = first
        lines = (out / "run.log").read_text().splitlines()
        assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [a-z_]+ ", line) for line in lines)
        steps = [line.split()[1] for line in lines if line.split()[2] == "finished"]
        assert steps == [
            *("load_spec", "resolve", "champion", "extract", "preprocess", "train", "evaluate"),
            *("build_image", "conclude"),
        ]
        assert lines[-1].endswith(json.loads((out / "image.json").read_text())["reference"])
        assert len(lines) < 80
        assert "executor" in (out / "latest" / "kfp.log").read_text()

    def test_the_verdict_names_the_bundle_beside_it(self, first):
        out, _ = first
        check = subprocess.run(
            [sys.executable, "-m", "cli", "verify", out / "bundle", "--verdict", out / "verdict.json"],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert check.returncode == 0, check.stdout

    def test_skopeo_agrees_on_the_digest(self, first):
        out, _ = first
        if shutil.which("skopeo") is None:
            pytest.skip("needs skopeo to read the layout independently: apt-get install skopeo")
        image = json.loads((out / "image.json").read_text())
        inspect = ["skopeo", "inspect", "--format", "{{.Digest}}", f"oci:{out / 'images'}:{image['tag']}"]
        message = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.strip()
        assert message == image["digest"]

    def test_make_serve_answers_a_golden_row_to_the_last_digit(self, first):
        out, _ = first
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
        out, _ = first
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

    def test_killed_at_every_step_it_completes_when_started_again_with_the_same_digests(self, first, portal, tmp_path):
        out, _ = first
        expected = json.loads((out / "image.json").read_text())
        again = tmp_path / "out"
        for step in ("extract", "preprocess", "train", "evaluate", "build_image"):
            kill_during(step, again, portal)
            assert not (again / "latest").exists(), step
        done = make_run(again, f"DATA={portal}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads((again / "image.json").read_text()) == {**expected, "outcome": "written"}
        assert len(list((again / "runs").iterdir())) == 1


def kill_during(step, out, portal):
    """SIGKILL the run itself as soon as `step` has started; its steps must go with it."""
    command = [sys.executable, "-m", "cli", "run", "--spec", PORTAL, "--data", portal, "--out", out]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen([*command, "--trials", "3"], cwd=ROOT, **quiet)
    started = f'{{"step": "{step}", "event": "started"}}'
    while run.poll() is None and not any(started in file.read_text() for file in out.glob("runs/*/events.jsonl")):
        time.sleep(0.02)
    run.send_signal(signal.SIGKILL)
    run.wait()


class TestNotPromoted:
    def test_too_little_data_exits_3_with_the_verdict_and_no_image(self, portal, tmp_path):
        """And a champion that is not there is reported on the last screen, where a misspelled store is seen."""
        store = Layout(tmp_path / "images of others")
        publish(store, server(), "server-1")
        spec = spec_folder(tmp_path / "spec", **{"promotion:": "promotion:\n  min_conversions: 100000"})
        champion = f"CHAMPION=oci:{store.folder}"
        done = make_run(tmp_path / "out", f"SPEC={spec}", f"DATA={portal}", "TRIALS=1", champion)
        assert done.returncode == 2, "make turns every failing exit code into its own 2"
        assert "others holds no release of this model, so only the baselines had to be beaten" in done.stdout
        assert "insufficient-data" in done.stdout
        assert verdict_of(tmp_path / "out")["verdict"] == "insufficient-data"
        assert not (tmp_path / "out" / "images").exists()
        assert not (tmp_path / "out" / "image.json").exists()


class TestPromotedWithoutAnImage:
    def test_a_base_that_is_lost_meanwhile_loses_no_model_and_the_command_that_is_told_builds_it(
        self, portal, tmp_path
    ):
        """The base is there when the arguments are looked at, and gone when the image is built."""
        out, base = tmp_path / "out", tmp_path / "base"
        publish(Layout(base), server(), "server-1")
        run = subprocess.Popen(
            command(out, f"DATA={portal}", f"BASE_IMAGE=oci:{base}"),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for line in run.stdout:
            if line.startswith("train "):
                base.rename(tmp_path / "gone")
                break
        message, _ = run.communicate()
        assert run.returncode == 2
        assert "[base-missing]" in message
        assert not (out / "latest").exists()
        advice = message.partition("without training again:\n")[2].splitlines()[0]
        built = subprocess.run(["bash", "-c", advice], cwd=ROOT, capture_output=True, text=True, check=False)
        assert built.returncode == 0, built.stderr
        assert built.stdout.strip().splitlines()[-1].startswith("image kamado:rent-conversion-")

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

    def refused(self, out, *more, **options):
        done = make_run(out, *more, **options)
        assert done.returncode == 2
        assert "Traceback" not in done.stdout + done.stderr
        assert verdict_of(out) == {"verdict": "promote"}
        return re.sub(r"\s+", " ", done.stdout + done.stderr)

    def test_a_faulty_spec_lists_all_its_faults(self, before, portal, tmp_path):
        spec = spec_folder(tmp_path / "spec", **{"model: rent-conversion": "model: Rent\nsplt: 3"})
        message = self.refused(before, f"SPEC={spec}", f"DATA={portal}")
        assert "2 problem(s)" in message
        assert "splt: is an unknown key. Did you mean `split`?" in message
        assert "model: is 'Rent'" in message

    def test_a_table_that_is_not_in_data_is_named(self, before, tmp_path):
        (tmp_path / "empty").mkdir()
        message = self.refused(before, f"DATA={tmp_path / 'empty'}")
        assert "impressions" in message
        assert "1 problem(s)" in message or "problem(s)" in message

    def test_data_that_is_not_given_is_asked_for(self, before):
        message = self.refused(before, "SPEC=examples/telco_churn")
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
        from pipelines.local.run_dir import Output

        with Output(before).locked():
            message = self.refused(before, f"DATA={portal}")
        assert "in use by another run" in message

    def test_a_spec_that_is_named_by_its_file_is_told_its_folder(self, before):
        message = self.refused(before, f"SPEC={PORTAL}/spec.yaml")
        assert f"is a file. SPEC names the folder that it is in: {PORTAL}" in message

    def test_a_folder_that_reads_like_a_pattern_is_refused_before_anything_is_written(self, portal, tmp_path):
        done = make_run(tmp_path / "out[1]", f"DATA={portal}")
        assert done.returncode == 2
        assert "has [ ] in its path" in done.stderr
        assert not (tmp_path / "out[1]").exists()

    def test_a_spec_elsewhere_that_has_a_program_is_asked_for_its_data(self, before, tmp_path):
        spec = spec_folder(tmp_path / "spec")
        (spec / "simulate.py").touch()
        assert "DATA: is missing" in self.refused(before, f"SPEC={spec}")
