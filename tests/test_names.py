"""Names say what they name, types cross boundaries, and messages are plain English."""

import ast
import re
from pathlib import Path

import pytest

from tests.names import PACKAGES, PRODUCT, fillers, homonyms, sources, untyped

ROOT = Path(__file__).resolve().parents[1]
# "is no number" is "is not a number"; "there is no number" and "is no longer" are plain.
ODD = re.compile(
    r"^Mend\b|(?<!there )\b(?:is|are) no (?!longer|more)[a-z]"
    r"|\bby nobody\b|\bwithout a word\b|\bto the wish\b|\bin no row\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_a_filler(package):
    assert [str(finding) for path in sources(ROOT, package) for finding in fillers(path)] == []


@pytest.mark.parametrize("package", PRODUCT)
def test_what_crosses_a_boundary_is_a_class(package):
    assert [str(finding) for path in sources(ROOT, package) for finding in untyped(path)] == []


@pytest.mark.parametrize("package", PRODUCT)
def test_messages_are_plain_english(package):
    odd = [
        f"{path}:{node.lineno} {node.value}"
        for path in sources(ROOT, package)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and ODD.search(node.value)
    ]
    assert odd == []


def test_a_class_name_stands_for_one_thing():
    assert list(homonyms(ROOT)) == []


def test_a_name_of_two_things_is_noticed(tmp_path):
    """Classes, aliases and type variables count; constants, functions and private names do not."""
    for package, code in {
        "model": "class Lineage: ...\nRow = dict[str, float]\nROOT = 1\nclass _Part: ...\n",
        "build": "Lineage = str\nRow: TypeAlias = list[int]\nROOT = 2\nclass _Part: ...\ndef read(): ...\n",
        "tests": "class Lineage: ...\n",
    }.items():
        (tmp_path / package).mkdir()
        (tmp_path / package / "code.py").write_text(code)
    expected = ["Lineage: model/code.py:1, build/code.py:1", "Row: model/code.py:2, build/code.py:2"]
    assert list(homonyms(tmp_path)) == expected


def test_a_filler_and_an_untyped_boundary_are_noticed(tmp_path):
    path = tmp_path / "code.py"
    path.write_text("def read(told: dict[str, Any]) -> Mapping[str, object]:\n    found = 1\n")
    assert [finding.text for finding in fillers(path)] == ["told", "found"]
    assert [finding.text for finding in untyped(path)] == ["dict[str, Any]", "Mapping[str, object]"]


def test_no_file_has_more_than_one_page_too_many():
    """A file that grows past 400 lines has a second noun in it."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for name in PACKAGES for path in sources(ROOT, name)}
    assert {str(path): length for path, length in lengths.items() if length > 400} == {}
