"""Which names of the code say nothing or stand for two things, and where untyped JSON crosses a boundary.

`python -m tests.names` prints the counts, package by package; `python -m tests.names FOLDER` those of another checkout.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("model", "artifacts", "components", "pipelines", "build", "serving", "cli", "examples", "bench", "tests")
# Words that fit every variable and therefore name none. docs/glossary.md has the nouns.
FILLERS = frozenset(["asked", "found", "given", "held", "kept", "made", "one", "place", "said", "says", "told"])
PRODUCT = tuple(package for package in PACKAGES if package not in ("tests", "bench"))
UNTYPED = re.compile(r"\b(dict|Mapping|MutableMapping)\[str, (Any|object)\]")


class Finding(NamedTuple):
    file: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.text}"


def sources(root: Path, package: str) -> Iterator[Path]:
    return (path for path in sorted((root / package).rglob("*.py")) if "__pycache__" not in path.parts)


def fillers(path: Path) -> Iterator[Finding]:
    """Every binding of a filler: variables, parameters, attributes, functions and classes."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case _:
                continue
        if name.strip("_").lower() in FILLERS:
            yield Finding(path, node.lineno, name)


def untyped(path: Path) -> Iterator[Finding]:
    """Public functions and attributes whose type is a dictionary of anything."""
    for body in _public_bodies(ast.parse(path.read_text("utf-8"))):
        for node in body:
            for annotation in _annotations(node):
                if UNTYPED.search(text := ast.unparse(annotation)):
                    yield Finding(path, annotation.lineno, text)


def homonyms(root: Path) -> Iterator[str]:
    """Every public class and type alias of the product that another module of it defines too, with the lines."""
    definitions: dict[str, list[str]] = {}
    for package in PRODUCT:
        for path in sources(root, package):
            for name, line in _types(ast.parse(path.read_text("utf-8"))):
                definitions.setdefault(name, []).append(f"{path.relative_to(root)}:{line}")
    return (f"{name}: {', '.join(lines)}" for name, lines in sorted(definitions.items()) if len(lines) > 1)


def _types(module: ast.Module) -> Iterator[tuple[str, int]]:
    """A name in CamelCase that a module assigns at its top is an alias or a TypeVar; constants are in capitals."""
    for node in module.body:
        match node:
            case ast.ClassDef(name=name):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not name[0].isupper() or name.isupper():
                    continue
            case _:
                continue
        if not name.startswith("_"):
            yield name, node.lineno


def _public_bodies(module: ast.Module) -> Iterator[list[ast.stmt]]:
    yield module.body
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.body


def _annotations(node: ast.stmt) -> Iterator[ast.expr]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if (
            not name.startswith("_") or name == "__init__"
        ):
            arguments = node.args
            every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            yield from (argument.annotation for argument in every if argument.annotation)
            if node.returns:
                yield node.returns
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if not name.startswith("_"):
            yield annotation


def main(root: Path) -> None:
    totals = [0, 0]
    for package in PACKAGES:
        counts = [sum(1 for path in sources(root, package) for _ in count(path)) for count in (fillers, untyped)]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        print(f"{package:<11} {counts[0]:>5} fillers {counts[1]:>4} untyped")
    print(f"{'all':<11} {totals[0]:>5} fillers {totals[1]:>4} untyped")
    print(*(f"homonym {homonym}" for homonym in homonyms(root)), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1])
