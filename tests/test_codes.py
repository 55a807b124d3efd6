"""Every problem has a stable code, and docs/codes.md has all of them, each once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("model", "artifacts", "components", "pipelines", "build", "serving", "cli")
SOURCES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if path != ROOT / "pipelines" / "local" / "events.py"  # which repeats problems
]
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Functions that pass a code on to Problem, and its index among their arguments.
MAKERS = {"_from_validator": 2, "_add": 3}
NAMES = {"python-packages"}  # of a folder; it looks like a code of the family python-…
COMPUTED = {"verdict-reject", "verdict-invalid"}  # by conclude, from the verdict


def codes(path: Path) -> Iterator[tuple[int, ast.expr | None]]:
    """Line and code of every problem that the file makes; None where the code is left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = getattr(function, "id", getattr(function, "attr", ""))
        of_problems = isinstance(function, ast.Attribute) and "problem" in getattr(function.value, "id", "")
        if name == "Problem" or (name == "add" and of_problems) or name in MAKERS:
            index = MAKERS.get(name, 3)
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            if not starred and not any(keyword.arg is None for keyword in node.keywords):
                yield node.lineno, (node.args[index] if len(node.args) > index else next(iter(named), None))


def literals(path: Path) -> set[str]:
    """The codes of problems that stand in the file as they are."""
    values = [code for _, code in codes(path)]
    return {code.value for code in values if isinstance(code, ast.Constant) and isinstance(code.value, str)}


def words(path: Path) -> set[str]:
    """Every text in the file that may be a code."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if CODE.fullmatch(text)}


def arguments(path: Path) -> set[str]:
    """Texts with a hyphen that a call gets, but those of the command line, which are names of verbs."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    values = [value for call in calls if getattr(call.func, "attr", "") != "command" for value in call.args]
    texts = {value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)}
    return {text for text in texts if "-" in text and CODE.fullmatch(text)}


@pytest.fixture(scope="module")
def page() -> list[str]:
    return re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / "codes.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_problem_has_a_code(path):
    assert [line for line, code in codes(path) if code is None] == []
    assert [code for code in literals(path) if not CODE.fullmatch(code)] == []


def test_the_page_has_each_code_once(page):
    assert len(page) == len(set(page))


def test_the_page_has_every_code_of_a_problem(page):
    written = set().union(*map(literals, SOURCES)) | COMPUTED
    assert sorted(written - set(page)) == []


def test_the_page_has_every_code_that_a_function_passes_on(page):
    """A text of a known family, like tree-…, that a call gets is a code."""
    families = {code.partition("-")[0] for code in page if "-" in code}
    passed = {text for text in set().union(*map(arguments, SOURCES)) if text.partition("-")[0] in families}
    assert sorted(passed - set(page) - NAMES) == []


def test_the_page_has_no_code_that_is_gone(page):
    assert sorted(set(page) - set().union(*map(words, SOURCES)) - COMPUTED) == []


def test_every_section_is_sorted():
    for section in (ROOT / "docs" / "codes.md").read_text("utf-8").split("\n## ")[1:]:
        listed = re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE)
        assert listed == sorted(listed), section.partition("\n")[0]
