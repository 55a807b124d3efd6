"""`kamado` itself: its help, its version, its completion, and what a wrong command line gets."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli.main import SECTIONS
from cli.main import kamado as group
from model.version import version
from tests.kamado import kamado

ROOT = Path(__file__).resolve().parents[2]
HELPS = [["--help"], *([name, "--help"] for name in group.commands)]
HEAVY = ("kfp", "numpy", "pydantic", "rich", "requests", "docker", "xgboost", "pyarrow")


def run(*arguments, **environment):
    command = [sys.executable, "-m", "cli", *arguments]
    environ = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_help_lists_every_verb_in_its_section():
    text = run("--help").stdout
    sections = re.split(r"^([A-Z][a-z]+):$", text, flags=re.MULTILINE)
    listed = dict(zip(sections[1::2], sections[2::2], strict=True))
    for title, verbs in SECTIONS.items():
        assert re.findall(r"^  ([a-z-]+)  ", listed[title], re.MULTILINE) == [verb.name for verb in verbs]


def test_every_verb_says_what_it_does():
    for verb in group.commands.values():
        assert verb.help, verb.name
        assert all(param.help for param in verb.params if isinstance(param, click.Option)), verb.name


@pytest.fixture(scope="module")
def imported():
    """For each help, the heavy modules that it imported after the ones before it had been shown."""
    code = f"""
import json, sys
from cli.main import main
heavy = {{}}
for words in {HELPS}:
    before = set(sys.modules) if heavy else set()
    main(words, {{}})
    heavy[" ".join(words)] = [module for module in {HEAVY} if module in sys.modules and module not in before]
print(json.dumps(heavy))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_help_imports_only_what_is_light(words, imported):
    assert imported[" ".join(words)] == []


def test_the_version_is_the_newest_of_the_changelog():
    newest = re.search(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert run("--version").stdout == f"kamado {newest}\n"
    assert version() == newest


@pytest.mark.case("a command line with several mistakes")
def test_every_mistake_is_reported_at_once_with_exit_code_2(outcome):
    done = run("image", "--smoke-test", "no", "--vrdict=x", "bundle", "more")
    assert (done.returncode, done.stdout) == (2, "")
    heading, *lines = done.stderr.splitlines()
    assert heading == "the command line was refused, 4 problem(s):"
    assert [line.split()[0] for line in lines] == [
        "[argument-unknown]",
        "[argument-value]",
        "[argument-missing]",
        "[argument-unknown]",
    ]
    assert "--vrdict=x: is not an argument. Did you mean --verdict?" in lines[0]
    outcome(" ".join(line.strip() for line in lines)[:200])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["run", "--chmpion=x"], "argument-unknown"),
        (["run", "--end"], "argument-value"),
        (["verify"], "argument-missing"),
        (["releases", "toy", "--newest", "0"], "argument-value"),
        (["relases", "toy"], "verb-unknown"),
        (["--nothing"], "argument-unknown"),
    ],
)
def test_a_program_gets_each_mistake_as_json(words, code):
    answer = kamado(words[0], "--json", *words[1:])
    refusal = json.loads(answer.out)
    assert answer.code == refusal["exit_code"] == 2
    assert refusal["outcome"] == "refused"
    assert code in [problem["code"] for problem in refusal["problems"]]
    assert all(set(problem) == {"where", "problem", "hint", "code"} for problem in refusal["problems"])


def test_a_verb_that_looks_at_its_arguments_reports_them_with_the_mistakes_of_the_command_line():
    answer = kamado("run", "--chmpion=x", "--data=/nowhere", "--trials=0", "--json")
    codes = [problem["code"] for problem in json.loads(answer.out)["problems"]]
    assert codes == ["argument-unknown", "data-missing", "trials-unreadable"]


def test_a_refusal_of_a_verb_is_json_too(tmp_path):
    answer = kamado("releases", "toy", "--in", f"oci:{tmp_path}/absent", "--json")
    refusal = json.loads(answer.out)
    assert (answer.code, refusal["exit_code"]) == (1, 1)
    assert [problem["code"] for problem in refusal["problems"]] == ["store-unknown"]


def test_without_a_verb_it_shows_its_help():
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert "check-spec" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(shell):
    assert "_KAMADO_COMPLETE" in run("completion", shell).stdout


def test_completion_answers_with_verbs_and_options():
    verbs = run(COMP_WORDS="kamado re", COMP_CWORD="1", _KAMADO_COMPLETE="bash_complete").stdout
    assert verbs.split() == ["plain,report", "plain,releases", "plain,retry", "plain,registry"]
    options = run(COMP_WORDS="kamado run --c", COMP_CWORD="2", _KAMADO_COMPLETE="bash_complete").stdout
    assert options.split() == ["plain,--champion"]


@pytest.fixture
def script(tmp_path):
    """`.venv/bin/kamado` of a checkout whose path has spaces."""
    checkout = tmp_path / "a check out"
    folder = checkout / ".venv" / "bin"
    folder.mkdir(parents=True)
    for package in ("build", "cli", "model", "pipelines"):
        (checkout / package).symlink_to(ROOT / package)
    (folder / "kamado").write_bytes((ROOT / "build" / "environment" / "kamado.sh").read_bytes())
    (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder / "kamado"


@pytest.mark.case("kamado started in a folder that has packages named like Kamado's")
def test_the_script_works_from_any_folder_and_through_a_link(script, tmp_path, outcome):
    elsewhere = tmp_path / "elsewhere"
    for package in ("cli", "model"):
        (elsewhere / package).mkdir(parents=True)
        (elsewhere / package / "__init__.py").write_text("raise SystemExit('this is not Kamado')")
    link = elsewhere / "kamado"
    link.symlink_to(script)
    for program in (script, link, "../a check out/.venv/bin/kamado"):
        done = subprocess.run([program, "--version"], cwd=elsewhere, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == (f"kamado {version()}\n", "")
    outcome(done.stdout.strip())


def test_set_up_writes_the_script(tmp_path):
    from build.environment.install import Environment

    environment = Environment(tmp_path / "venv", ROOT / "requirements.txt")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").touch()
    (tmp_path / "venv" / "installed.txt").write_text(environment.stamp)
    environment.install()  # it is current, so that nothing else is done
    written = tmp_path / "venv" / "bin" / "kamado"
    assert written.read_bytes() == (ROOT / "build" / "environment" / "kamado.sh").read_bytes()
    assert os.access(written, os.X_OK)
