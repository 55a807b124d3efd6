"""docs/bundle-fields.md, written from the rules: `python -m build.gate.fields.page docs`."""

import sys
from pathlib import Path
from typing import Any

from build.gate.fields import manifest, verdict
from build.gate.fields.metrics import NOT_ABOVE, RANGES
from build.gate.fields.rule import Table
from model.files import write_atomically

NAME = "bundle-fields.md"
HEAD = """# What each field of a manifest and of a verdict may be

Written from the rules of the gate (`build/gate/fields/`) by `python -m build.gate.fields.page docs`. What breaks a rule
is refused with its code, whoever wrote it: a document may be well-formed, carry every right checksum, and still be one
that no training has written. Types are those of `model/bundle/bundle.py`; unknown fields of a manifest are refused.
"""
METRICS = """## Metrics by name

The same in both documents. Endings `_low`, `_high` and `_current_order` do not change a range. A name that is not here
is any finite number.
"""


def page() -> bytes:
    """The page as Markdown."""
    sections = [
        HEAD,
        _section("`manifest.json`", manifest.TABLE),
        _section("`verdict.json`", verdict.TABLE),
        METRICS,
        *_ranges(),
        "",
        "Of these pairs the first is never above the second:",
        "",
        *(f"- `{part}`, `{whole}`" for part, whole in NOT_ABOVE),
        "",
    ]
    return "\n".join(sections).encode()


def _section(title: str, table: Table[Any]) -> str:
    rows = [f"| `{row.field}` | {row.may_be} | `{row.code}` |" for row in table]
    return "\n".join([f"## {title}\n", "| field | may be | else |", "|---|---|---|", *rows, ""])


def _ranges() -> list[str]:
    rows = [f"| `{_names(pattern)}` | {allowed} |" for pattern, allowed in RANGES]
    return ["| metric | may be |", "|---|---|", *rows]


def _names(pattern: str) -> str:
    """A pattern of RANGES as people write names: optional parts in brackets, `*` for any."""
    shown = {"(calibration_part_)?": "[calibration_part_]", r"(_over_\w+)?": "[_over_*]", r"\w+": "*", "|": "`, `"}
    for written, read in shown.items():
        pattern = pattern.replace(written, read)
    return pattern


def main(folder: str) -> None:
    write_atomically(Path(folder) / NAME, page())


if __name__ == "__main__":
    main(*sys.argv[1:])
