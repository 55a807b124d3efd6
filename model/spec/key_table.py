"""The keys of a YAML file as Markdown, written from its Pydantic classes."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

NAMES = {"str": "text", "int": "whole number", "float": "number", "bool": "`true` or `false`", "date": "date"}


def section(title: str, part: type[BaseModel], parts: Mapping[str, type[BaseModel]]) -> str:
    """A section of a page. `parts` are the classes that have sections of their own, by the title of these."""
    rows = [
        f"| `{name}` | {_words(field.annotation, parts)}{_bounds(field)} "
        f"| {_default(field)} | {field.description or ''} |"
        for name, field in part.model_fields.items()
        if name != "sql_text"
    ]
    about = (part.__doc__ or "").strip()
    return "\n".join([f"## {title}", "", about, "", "| key | value | default | |", "|---|---|---|---|", *rows, ""])


def _bounds(field: FieldInfo) -> str:
    """Of a number that has them, in words: ", 1 to 10"."""
    limits = {
        name: getattr(limit, name)
        for limit in field.metadata
        for name in ("ge", "gt", "le")
        if isinstance(getattr(limit, name, None), int | float)
    }
    most = f"{limits['le']:,}" if "le" in limits else ""
    if "gt" in limits:
        return f", above {limits['gt']:,}" + (f", at most {most}" if most else "")
    if "ge" in limits:
        return f", {limits['ge']:,} to {most}" if most else f", at least {limits['ge']:,}"
    return f", at most {most}" if most else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default()
    if value is None or value in ((), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{', '.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _words(kind: Any, parts: Mapping[str, type[BaseModel]]) -> str:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin in (Union, UnionType):
        return " or ".join(_words(kind, parts) for kind in inner if kind is not type(None))
    if origin is tuple:
        return f"list of {_words(inner[0], parts)}"
    if origin is dict:
        return f"{_words(inner[0], parts)} to {_words(inner[1], parts)}"
    if hasattr(kind, "__metadata__"):
        return _words(inner[0], parts)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"keys of {_link(kind, parts)}"
    return NAMES[kind.__name__]


def _link(part: type[BaseModel], parts: Mapping[str, type[BaseModel]]) -> str:
    """To the section that lists the part's keys."""
    (name,) = [name for name, known in parts.items() if known is part][:1]
    return f"[`{name}`](#{name})"
