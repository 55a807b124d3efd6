"""The Makefile passes what a person gives as text: whatever it holds, it reaches one command in one piece."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MARK = "was-run-as-code"
HOSTILE = f"""x";touch {MARK};" '; touch {MARK} #' `touch {MARK}` $(touch {MARK}) $(shell touch {MARK})
$${{SPEC}} * ~ \\"""

SUBMIT = {
    name: f"--{option}={{}}"
    for name, option in {
        **{name: name.lower() for name in ("SPEC", "SPECS", "BIGQUERY", "DATA", "TO", "CHAMPION", "CLUSTER")},
        **{name: name.lower() for name in ("EXPERIMENT", "TARGET")},
        "STEPS_IMAGE": "image",
        "BASE_IMAGE": "base",
    }.items()
} | {"ALLOW_DIRTY": "--allow-dirty", "JSON": "--json"}
# Target -> variable -> the argument, or the NAME=value of the environment, by which the command gets it.
REACHES = {
    "run": {
        name: f"--{option}={{}}"
        for name, option in {
            **{
                name: name.lower()
                for name in ("SPEC", "DATA", "BIGQUERY", "OUT", "TRIALS", "MINUTES", "END", "CHAMPION", "RUNNER")
            },
            "BASE_IMAGE": "base",
            "STEPS_IMAGE": "steps-image",
        }.items()
    }
    | {"JSON": "--json"},
    "check-spec": {name: f"--{name.lower()}={{}}" for name in ("SPEC", "DATA", "BIGQUERY", "OUT", "END")}
    | {"JSON": "--json"},
    "new": {name: f"--{name.lower()}={{}}" for name in ("MODEL", "TABLE", "LABEL", "SPECS")} | {"JSON": "--json"},
    "image": {
        "OUT": "{}/bundle",
        "TO": "--to={}",
        "BASE_IMAGE": "--base={}",
        "JSON": "--json",
        "KAMADO_IMAGES": "--to={}",
    },
    "component-image": {"TO": "--to={}", "PYTHON_IMAGE": "--python={}", "JSON": "--json"},
    "base-images": {"OUT": "--out={}/base-images", "PYTHON_IMAGE": "--python={}"},
    "pipeline-compile": {
        name: f"--{option}={{}}"
        for name, option in {
            **{
                name: name.lower() for name in ("SPEC", "SPECS", "BIGQUERY", "DATA", "TO", "CHAMPION", "CLUSTER", "OUT")
            },
            "STEPS_IMAGE": "image",
            "BASE_IMAGE": "base",
        }.items()
    }
    | {"JSON": "--json"},
    "pipeline-submit": SUBMIT | {"END": "--end={}", "WAIT": "--wait"},
    "pipeline-schedule": SUBMIT | {"CRON": "--cron={}", "BACKFILL": "--backfill={}", "CATCH_UP": "--catch-up"},
    "pipeline-runs": {"MODEL": "{}", "TARGET": "--target={}", "JSON": "--json"},
    "pipeline-retry": {"RUN": "{}", "TARGET": "--target={}", "WAIT": "--wait", "JSON": "--json"},
    "pipeline-stop": {"RUN": "{}", "TARGET": "--target={}", "JSON": "--json"},
    "releases": {
        "MODEL": "{}",
        "TO": "--in={}",
        "OUT": "--in=oci:{}/images",
        "JSON": "--json",
        "KAMADO_IMAGES": "--in={}",
    },
    "registry": {"REGISTRY_PORT": "--port={}"},
    "test": {"TESTS": "TESTS={}"},
    "serve": {
        "OUT": "KAMADO_BUNDLE={}/bundle",
        "PORT": "KAMADO_PORT={}",
        "KAMADO_BUNDLE": "KAMADO_BUNDLE={}",
        "KAMADO_PORT": "KAMADO_PORT={}",
    },
    "score": {
        "DATA": "--data={}",
        "IDS": "--ids={}",
        "OUT": "--out={}/scores.parquet",
        "JSON": "--json",
        "KAMADO_BUNDLE": "KAMADO_BUNDLE={}",
    },
    "report": {"OUT": "--out={}"},
}
CASES = [(target, variable) for target, variables in REACHES.items() for variable in variables]


@dataclass(frozen=True)
class Checkout:
    """A folder with the Makefile, whose interpreter writes down what it is called with."""

    folder: Path

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        # What a `make` around the tests hands down is not part of the case.
        mine = {name: value for name, value in os.environ.items() if not re.match(r"MAKE|MFLAGS|KAMADO_|PYTHON$", name)}
        mine = {name: value for name, value in mine.items() if name not in variables_of("Makefile")} | environment
        command = ["make", "--no-print-directory", *arguments]
        return subprocess.run(command, cwd=self.folder, env=mine, capture_output=True, text=True, check=False)

    def call(self, *arguments: str, **environment: str) -> set[str]:
        """The arguments and NAME=value of the environment of the one command that was run."""
        done = self.make(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return set((self.folder / "call").read_text("utf-8").split("\0"))


def variables_of(file: str) -> set[str]:
    text = (ROOT / file).read_text("utf-8")
    return set(re.search(r"^override VARIABLES := (.*)$", text, re.MULTILINE)[1].split())


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "a folder with spaces"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "build" / "environment").mkdir(parents=True)
    for file in (
        "Makefile",
        "requirements-dev.txt",
        "build/environment/requirements.txt",
        "build/environment/kamado.sh",
    ):
        shutil.copyfile(ROOT / file, folder / file)
    python = folder / ".venv" / "bin" / "python"
    python.write_text("""#!/bin/bash\n{ printf '%s\\0' "$@"; env -0; } > call\n""")
    python.chmod(0o755)
    (folder / ".venv" / "installed.txt").touch()
    return Checkout(folder)


@pytest.mark.case("a variable of make that holds code for make and for the shell")
@pytest.mark.parametrize("origin", ["argument", "environment"])
@pytest.mark.parametrize(("target", "variable"), CASES, ids=[f"{target} {variable}" for target, variable in CASES])
def test_a_variable_reaches_its_command_in_one_piece(checkout, target, variable, origin, outcome):
    if origin == "argument":
        reached = checkout.call(target, f"{variable}={HOSTILE.replace(chr(10), ' ')}")
        value = HOSTILE.replace("\n", " ")
    else:
        reached, value = checkout.call(target, **{variable: HOSTILE}), HOSTILE
    assert REACHES[target][variable].format(value) in reached, reached
    assert not (checkout.folder / MARK).exists()
    outcome("passed on as it stands")


def test_an_edited_source_of_the_kernel_is_a_reason_to_set_up_again(checkout):
    source, stamp = checkout.folder / "model" / "kernel" / "score.c", checkout.folder / ".venv" / "installed.txt"
    source.parent.mkdir(parents=True)
    source.touch()
    stamp.touch()
    assert checkout.make("--question", ".venv/installed.txt").returncode == 0
    os.utime(source, (stamp.stat().st_atime, stamp.stat().st_mtime + 1))
    assert checkout.make("--question", ".venv/installed.txt").returncode == 1


@pytest.mark.case("make clean with code, a dash or an option in place of a folder")
@pytest.mark.parametrize(
    "out", [HOSTILE, "-rf", "-", "--help", "a\nb"], ids=["code", "option", "dash", "word", "lines"]
)
def test_clean_takes_any_name_for_a_name(checkout, out, outcome):
    (checkout.folder / out).joinpath("runs", "000001").mkdir(parents=True)
    (checkout.folder / out / "runs" / "000001" / ".kamado").touch()
    done = checkout.make("clean", OUT=out)
    assert done.returncode == 0, done.stderr
    assert not (checkout.folder / out).exists()
    assert (checkout.folder / "Makefile").exists()
    assert not (checkout.folder / MARK).exists()
    outcome("that folder alone is gone")


@pytest.mark.case("make PYTHON= that holds code")
def test_python_is_a_program_and_not_a_line_of_shell(checkout, outcome):
    done = checkout.make("releases", f"PYTHON={HOSTILE.splitlines()[0]}")
    assert done.returncode == 2
    assert not (checkout.folder / MARK).exists()
    outcome(done.stderr.splitlines()[0])


@pytest.mark.parametrize("name", ["PY", "START", "VENV", "READY", "RESULTS", "VARIABLES", "SHELL", ".SHELLFLAGS"])
def test_what_the_makefile_is_made_of_cannot_be_given(checkout, name):
    for target in ("report", "clean"):
        assert checkout.make(target, f"{name}=touch {MARK};", f"OUT={checkout.folder}").returncode == 0
    assert not (checkout.folder / MARK).exists()


def test_every_variable_that_a_target_names_is_among_the_cases():
    for line in (ROOT / "Makefile").read_text("utf-8").splitlines():
        if described := re.match(r"([a-z-]+):.*## (.*)", line):
            target, text = described.groups()
            named = set(re.findall(r"\b([A-Z_]+)=", text.split("IMAGE@")[0].replace("TO=registry", "TO= registry")))
            named &= variables_of("Makefile")
            assert named <= {*REACHES.get(target, ()), *(["OUT"] if target == "clean" else [])}, target


def test_what_is_given_wins_over_the_environment_of_kamado_and_that_over_the_default(checkout):
    images = {"KAMADO_IMAGES": "registry://exported/x"}
    server = {"KAMADO_PORT": "9001", "KAMADO_BUNDLE": "exported"}
    assert "--to=oci:out/images" in checkout.call("image")
    assert "--to=registry://exported/x" in checkout.call("image", **images)
    assert "--to=oci:given" in checkout.call("image", "TO=oci:given", **images)
    assert "--in=registry://exported/x" in checkout.call("releases", **images)
    assert {"KAMADO_BUNDLE=out/bundle", "KAMADO_PORT="} <= checkout.call("serve")
    assert {"KAMADO_BUNDLE=exported", "KAMADO_PORT=9001"} <= checkout.call("serve", **server)
    assert {"KAMADO_BUNDLE=given/bundle", "KAMADO_PORT=9002"} <= checkout.call(
        "serve", "OUT=given", "PORT=9002", **server
    )


def test_an_empty_list_of_specs_reaches_the_command_which_refuses_it(checkout):
    for target in ("pipeline-compile", "pipeline-submit", "pipeline-schedule"):
        assert "--specs=" in checkout.call(target, "SPECS=")
    assert "--specs=" not in checkout.call("pipeline-submit", SPECS="")  # as a make around this one exports it


def test_what_python_compiles_is_kept_unless_the_command_says_otherwise(checkout):
    assert "PYTHONDONTWRITEBYTECODE=" in checkout.call("run", PYTHONDONTWRITEBYTECODE="1")
    assert "PYTHONDONTWRITEBYTECODE=1" in checkout.call("run", "PYTHONDONTWRITEBYTECODE=1")
