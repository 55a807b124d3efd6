"""An interrupt in the first moments of any command ends it without a traceback, with exit code 130."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "make run": "cli run",
    "make new": "cli new",
    "make check-spec": "cli check-spec",
    "make image": "cli image",
    "make pipeline-compile": "cli compile",
    "make pipeline-submit": "cli submit",
    "make pipeline-schedule": "cli schedule",
    "make pipeline-runs": "cli runs",
    "make pipeline-retry": "cli retry",
    "make pipeline-stop": "cli stop",
    "make releases": "cli releases",
    "make component-image": "cli component-image",
    "make base-images": "cli base-images",
    "make registry": "cli registry",
    "make serve": "cli serve",
    "the server of an image": "serving.server",
    "make score": "cli score",
    "make report": "cli report",
    "make fix": "model.spec.reference",
    "make fix, schemas": "artifacts.schemas",
    "make fix, bundle fields": "build.gate.fields.page",
    "make fix, cluster": "pipelines.cluster.page",
    "make fix, GoogleSQL": "components.extract.googlesql.reference",
    "make fix, types": "components.extract.sources.types_page",
    "make test": "tests",
    "the example's simulator": "cli simulate",
}


@pytest.mark.case("SIGINT while a command is still importing")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_an_interrupt_while_importing_is_not_a_traceback(words, outcome):
    command = [sys.executable, "-X", "importtime", "-m", *words.split(), "--help"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:  # each import is reported when it is done
            if line.endswith("model.interrupt\n"):
                break
        process.stderr.readline()  # another one: what to do with an interrupt is decided by now
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130, rest
    assert "Traceback" not in rest
    outcome("exit code 130, no traceback")


@pytest.mark.case("SIGINT while Python itself starts, below make")
def test_an_interrupt_that_make_holds_back_counts_as_soon_as_the_command_begins(outcome):
    start = "import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}); "
    start += "os.kill(os.getpid(), signal.SIGINT); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    command = [sys.executable, "-c", start, "-m", "cli", "run", "--spec", "/nowhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    outcome("exit code 130, no traceback")


def test_every_module_that_make_runs_is_among_them():
    text = (ROOT / "Makefile").read_text("utf-8")
    started = set(re.findall(r"\$\((?:PY|START)\) -m (cli [\w-]+|[\w.]+)", text))
    assert started - {"mypy"} <= set(COMMANDS.values())
