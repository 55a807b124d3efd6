"""Reading a spec: spec.yaml and the SQL file that it names, with every problem of both."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import yaml

from model.errors import Problem, Problems, SpecError
from model.files import JSON
from model.spec.messages import problems_of, short_repr
from model.spec.types import PARTS, Spec

SWITCHES = (
    ("source", "check_keys"),
    ("training", "refit"),
    ("features", "*", "statistic"),
    ("resources", "*", "spot"),
)  # keys that are true or false
DEEPEST = 6  # levels of nesting that are searched for switches


class _UniqueKeys(yaml.SafeLoader):
    """YAML silently keeps the last of two equal keys; a spec must not. `duplicates` are the problems found."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.duplicates: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        before: set[str] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=deep)
            if isinstance(name, str) and name in before:
                problem = f"stands twice, the second at line {key.start_mark.line + 1}"
                hint = "Keep the one that is meant"
                self.duplicates.append(Problem(f"key {short_repr(name)}", problem, hint, "spec-key-twice"))
            before.add(name if isinstance(name, str) else "")
        return super().construct_mapping(node, deep=deep)


def read_spec(folder: Path) -> Spec:
    """The spec in `folder`. Raises SpecError with every problem of spec.yaml and its SQL file."""
    document, problems = _read_yaml(folder)
    if "sql_text" in document:
        hint = "Put the query into the file that source.sql names"
        problems.add("sql_text", "is not a key of spec.yaml", hint, "spec-unknown-key")
    source = document.get("source")
    name = source.get("sql", "training.sql") if isinstance(source, dict) else "training.sql"
    sql = _read_sql(folder, str(name), problems)
    try:
        spec = Spec.model_validate({**document, "sql_text": sql})
    except pydantic.ValidationError as error:
        problems.items.extend(problems_of(error, Spec, PARTS))
        spec = None
    refused = {problem.where for problem in problems.items}
    problems.items.extend(problem for problem in _switches(document, ()) if problem.where not in refused)
    problems.raise_if_any(SpecError)
    assert spec is not None  # a ValidationError always leaves a problem
    return spec


def _read_yaml(folder: Path) -> tuple[dict[str, JSON], Problems]:
    """The keys of spec.yaml, and a problem for each that stands twice. Raises SpecError when it cannot be read."""
    path = folder / "spec.yaml"
    if folder.is_file():
        hint = f"SPEC names the folder that it is in: {folder.parent}"
        raise SpecError(Problem(str(folder), "is a file", hint, "spec-is-file"))
    try:
        loader = _UniqueKeys(path.read_text("utf-8"))
        document = loader.get_single_data()
    except FileNotFoundError:
        hint = "SPEC names a folder with spec.yaml and its SQL"
        raise SpecError(Problem(str(path), "is missing", hint, "spec-missing")) from None
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise SpecError(Problem(str(path), problem, "Make it a file that you may read", "spec-unreadable")) from None
    except RecursionError:
        hint = "Write keys and values as docs/spec.md has them: none is more than three deep"
        raise SpecError(Problem(str(path), "is nested too deep to be read", hint, "spec-too-deep")) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a day like 2026-02-30
        raise SpecError(_not_yaml(path, error)) from None
    if not isinstance(document, dict):
        hint = "Start from examples/rental_portal/spec.yaml"
        raise SpecError(Problem(str(path), "holds no keys", hint, "spec-empty"))
    problems = Problems()
    problems.items.extend(loader.duplicates)
    return document, problems


def _not_yaml(path: Path, error: Exception) -> Problem:
    if "integer string conversion" in str(error):  # Python reads no more digits, and has a setting of its own for it
        return Problem(str(path), "holds a number of more than 4,300 digits", "Write a smaller number", "spec-not-yaml")
    problem = f"is not YAML ({' '.join(str(error).split())[:500]})"
    return Problem(str(path), problem, "Fix that line", "spec-not-yaml")


def _read_sql(folder: Path, name: str, problems: Problems) -> str:
    path = folder / name
    if path.resolve().parent != folder.resolve():
        problem = f"is {short_repr(name)}, outside the spec's folder"
        problems.add("source.sql", problem, "Put the SQL file beside spec.yaml", "sql-outside")
        return ""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        problem = f"names {short_repr(name)}, which is not UTF-8 ({error.reason})"
        problems.add("source.sql", problem, "Save it as UTF-8", "sql-not-utf8")
        return ""
    except OSError:
        problem = f"names {short_repr(name)}, which cannot be read in {folder}"
        problems.add("source.sql", problem, "Put the SQL file beside spec.yaml", "sql-missing")
        return ""
    if not text.strip():
        problems.add(
            "source.sql", f"names {short_repr(name)}, which is empty", "Write one GoogleSQL query into it", "sql-empty"
        )
    return text


def _matches(location: tuple[str, ...], key: tuple[str, ...]) -> bool:
    return len(location) == len(key) and all(part in ("*", name) for part, name in zip(key, location, strict=True))


def _switches(value: JSON, location: tuple[str, ...]) -> Iterator[Problem]:
    """What is true or false at a key that takes neither: YAML reads yes, no, on and off so."""
    if isinstance(value, bool) and not any(_matches(location, key) for key in SWITCHES):
        problem = f"is {value} (yes, no, on and off mean that in YAML)"
        yield Problem(".".join(location), problem, "Put it in quotes, or write another value", "spec-value")
    if len(location) > DEEPEST:  # an anchor may hold itself
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from _switches(inner, (*location, str(key)))
