"""docs/bundle-fields.md, written from the rules: `python -m build.gate.fields.page docs`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from pathlib import Path

from build.gate.fields import manifest, verdict
from build.gate.fields.context import ManifestContext, VerdictContext
from build.gate.fields.metrics import NOT_ABOVE, RANGES
from build.gate.fields.rule import FieldTable
from model.files import write_atomically

NAME = "bundle-fields.md"
HEAD = """# What each field of a manifest and of a verdict may be

Written from the rules of the gate (`build/gate/fields/`) by `python -m build.gate.fields.page docs`. A document that
breaks a rule is refused with the rule's code, even if it is well-formed and every checksum is right. Types are those of
`model/bundle/manifest.py`; unknown fields of a manifest are refused.
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
        *(f"- `{part}`, `{total}`" for part, total in NOT_ABOVE),
        "",
    ]
    return "\n".join(sections).encode()


def _section(title: str, table: FieldTable[ManifestContext] | FieldTable[VerdictContext]) -> str:
    rows = [f"| `{row.field}` | {row.allowed} | `{row.code}` |" for row in table]
    return "\n".join([f"## {title}\n", "| field | allowed | code if not |", "|---|---|---|", *rows, ""])


def _ranges() -> list[str]:
    rows = [f"| `{_names(pattern)}` | {allowed} |" for pattern, allowed in RANGES]
    return ["| metric | allowed |", "|---|---|", *rows]


def _names(pattern: str) -> str:
    """A pattern of RANGES as text: optional parts in brackets, `*` for any letters."""
    replacements = {
        "(calibration_split_)?": "[calibration_split_]",
        r"(_over_\w+)?": "[_over_*]",
        r"\w+": "*",
        "|": "`, `",
    }
    for regex, text in replacements.items():
        pattern = pattern.replace(regex, text)
    return pattern


def main(folder: str) -> None:
    write_atomically(Path(folder) / NAME, page())


if __name__ == "__main__":
    main(*sys.argv[1:])
