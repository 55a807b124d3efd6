"""Every problem of a step, the spec reader or a command has a stable code; components/README.md lists the steps'."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    [
        *ROOT.glob("artifacts/*.py"),
        *ROOT.glob("components/**/*.py"),
        *ROOT.glob("model/spec/*.py"),
        ROOT / "model" / "files.py",
    ]
)
COMMANDS = [
    path for path in sorted(ROOT.glob("pipelines/**/*.py")) if path.name != "events.py"
]  # which repeats problems
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
MAKERS = {"_from_validator": 2}  # functions that give a code on to Problem, and its place among their arguments


def arguments(path: Path) -> Iterator[tuple[int, ast.expr | None]]:
    """Line and code of every problem that the file makes; None where the code is left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = getattr(function, "id", getattr(function, "attr", ""))
        of_problems = isinstance(function, ast.Attribute) and "problem" in getattr(function.value, "id", "")
        if name == "Problem" or (name == "add" and of_problems) or name in MAKERS:
            place = MAKERS.get(name, 3)
            named = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            yield node.lineno, (node.args[place] if len(node.args) > place else next(iter(named), None))


def literals(path: Path) -> set[str]:
    codes = [code for _, code in arguments(path)]
    return {code.value for code in codes if isinstance(code, ast.Constant) and isinstance(code.value, str)}


@pytest.mark.parametrize("path", [*SOURCES, *COMMANDS], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_fault_has_a_code(path):
    assert [line for line, code in arguments(path) if code is None] == []
    assert [code for code in literals(path) if not CODE.fullmatch(code)] == []


def test_the_codes_are_those_of_the_readme():
    page = (ROOT / "components" / "README.md").read_text("utf-8").partition("## Codes")[2]
    listed = re.findall(r"^\| `([a-z0-9-]+)` \|", page, re.MULTILINE)
    raised = set().union(*map(literals, SOURCES))
    assert listed == sorted(raised)
