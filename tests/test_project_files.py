"""The files around the code: CONTRIBUTING, SECURITY, CI, dev container, pre-commit and the site."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[1].split())
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))
# What the worked examples would add.
NEW_FILES = {"build/oci/gar.py", "tests/build/oci/test_gar.py"}


def make_targets(text: str) -> set[str]:
    return set(re.findall(r"(?:^ *|`|run: )make ([a-z][a-z-]*)", text, re.MULTILINE))


def test_every_path_in_contributing_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    paths = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:in|txt|toml))`", text))
    assert len(paths) > 20
    assert {path for path in paths - NEW_FILES if not (ROOT / path).exists()} == set()
    assert paths >= NEW_FILES
    assert {path for path in NEW_FILES if (ROOT / path).exists()} == set()


def test_the_names_in_contributing_exist():
    """`Name` of path.py, as the worked examples write it."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = re.findall(r"`([A-Za-z]+)` (?:of|in) `([\w/]+\.py)`", text)
    names += [(name, path) for path, name in re.findall(r"`([\w/]+\.py)`: the (?:key|field) in `([A-Za-z]+)`", text)]
    assert len(names) >= 4
    for name, path in names:
        definition = rf"^(class {name}\b|{name}\b.* = )"
        assert re.search(definition, (ROOT / path).read_text("utf-8"), re.MULTILINE), f"{name} in {path}"


@pytest.mark.parametrize("file", ["CONTRIBUTING.md", "SECURITY.md", ".pre-commit-config.yaml", ".ci/run"])
def test_the_targets_of_make_exist(file):
    assert make_targets((ROOT / file).read_text("utf-8")) <= TARGETS


def test_the_workflow_checks_and_tests_on_python_3_11_and_builds_the_site():
    steps = WORKFLOW["jobs"]["test"]["steps"]
    assert steps[0]["uses"].startswith("actions/checkout@")
    assert steps[1]["with"] == {"python-version": "3.11"}
    commands = [step["run"] for step in steps if "run" in step]
    assert commands[-3:] == ["make check", "make test", "make docs"]


def test_the_dev_container_has_what_the_tests_look_for():
    text = (ROOT / ".devcontainer" / "Dockerfile").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    packages = re.search(r"`apt-get install (docker\.io [^`]*)`", readme)[1].split()
    assert set(packages) <= set(text.split())
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    services = yaml.safe_load((ROOT / ".devcontainer" / container["dockerComposeFile"]).read_text("utf-8"))["services"]
    assert container["service"] in services
    assert {"engine", "registry"} <= set(services)


def test_pre_commit_downloads_nothing():
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repository["repo"] for repository in config["repos"]] == ["local"]


def test_the_site_builds_and_has_every_page(tmp_path):
    command = [str(ROOT / ".venv" / "bin" / "mkdocs"), "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(ROOT).with_suffix(".html") for path in ROOT.glob("docs/**/*.md")}
    assert {page for page in pages if not (tmp_path / page).is_file()} == set()
    decisions = (tmp_path / "docs" / "decisions" / "index.html").read_text("utf-8")
    assert all(path.with_suffix(".html").name in decisions for path in ROOT.glob("docs/decisions/0*.md"))
