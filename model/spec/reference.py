"""The spec's reference, written from the spec's own types: `python -m model.spec.reference docs`.

Makes `spec.schema.json`, from which editors complete and check spec.yaml, and `spec.md`, the same for reading.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from model.files import dump_json, write_atomically
from model.spec.resources import DEFAULTS, StepName
from model.spec.types import PARTS, Spec

NAMES = {"str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`", "date": "date"}
TABLE = ("| step | cpu | memory | minutes | retries | spot |", "|---|---|---|---|---|---|")
HEAD = """# spec.yaml, key by key

Written from the types in `model/spec/types.py` by `python -m model.spec.reference docs`. Unknown keys are refused.
For completion in an editor put this line first: `# yaml-language-server: $schema=<path to>/docs/spec.schema.json`.
Shares may be written as `5%`, sizes as `200GB`.
"""


def schema() -> bytes:
    """JSON Schema of spec.yaml."""
    described = Spec.model_json_schema()
    described["title"] = "Kamado model spec"
    del described["properties"]["sql_text"]
    return dump_json(described)


def page() -> bytes:
    """The keys as Markdown tables, a section for each part."""
    sections = [_section("The model", Spec)]
    sections += [_section(f"`{name}`", part) for name, part in PARTS.items()]
    return "\n".join([HEAD, *sections, _pods()]).encode()


def _pods() -> str:
    """What steps take where a spec does not say it."""
    rows = [
        f"| `{step}` | {pod.cpu} | {pod.memory} | {_minutes(step)} | {pod.retries} | {str(pod.spot).lower()} |"
        for step, pod in DEFAULTS.items()
    ]
    head = ["Without a word on a step, or on one of its keys:", ""]
    return "\n".join(
        [*head, "| step | cpu | memory | minutes | retries | spot |", "|---|---|---|---|---|---|", *rows, ""]
    )


def _minutes(step: StepName) -> str:
    return f"{DEFAULTS[step].minutes}" + (" and twice `training.minutes`" if step == "train" else "")


def _section(title: str, part: type[BaseModel]) -> str:
    rows = [
        f"| `{name}` | {_kind(field)} | {_default(field)} | {field.description or ''} |"
        for name, field in part.model_fields.items()
        if name != "sql_text"
    ]
    about = (part.__doc__ or "").strip()
    return "\n".join([f"## {title}", "", about, "", "| key | value | default | |", "|---|---|---|---|", *rows, ""])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default()
    if value is None or value in ((), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{', '.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _kind(field: FieldInfo) -> str:
    return _words(field.annotation)


def _words(kind: Any) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin in (Union, UnionType):
        return " or ".join(_words(kind) for kind in inner if kind is not type(None))
    if origin is tuple:
        return f"list of {_words(inner[0])}"
    if origin is dict:
        return f"{_words(inner[0])} to {_words(inner[1])}"
    if hasattr(kind, "__metadata__"):
        return _words(inner[0])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"keys of {_link(kind)}"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`", "date": "date"}[
        kind.__name__
    ]


def _link(part: type[BaseModel]) -> str:
    """To the section that lists the part's keys."""
    (name,) = [name for name, known in PARTS.items() if known is part]
    return f"[`{name}`](#{name})"


def main(folder: str) -> None:
    write_atomically(Path(folder) / "spec.schema.json", schema())
    write_atomically(Path(folder) / "spec.md", page())


if __name__ == "__main__":
    main(*sys.argv[1:])
