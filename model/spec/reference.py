"""The spec's reference, written from the spec's own types: `python -m model.spec.reference docs`.

Makes `spec.schema.json`, from which editors complete and check spec.yaml, and `spec.md`, the same for reading.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from pathlib import Path

from model.files import dump_json, write_atomically
from model.spec.key_table import section
from model.spec.resources import DEFAULTS, StepName
from model.spec.types import PARTS, Spec

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
    sections = [section("The model", Spec, PARTS)]
    sections += [section(f"`{name}`", part, PARTS) for name, part in PARTS.items()]
    return "\n".join([HEAD, *sections, _pods()]).encode()


def _pods() -> str:
    """What steps take where a spec does not say it."""
    rows = [
        f"| `{step}` | {pod.cpu} | {pod.memory} | {_minutes(step)} | {pod.retries} | {str(pod.spot).lower()} |"
        for step, pod in DEFAULTS.items()
    ]
    head = ["Where the spec does not say it:", ""]
    return "\n".join(
        [*head, "| step | cpu | memory | minutes | retries | spot |", "|---|---|---|---|---|---|", *rows, ""]
    )


def _minutes(step: StepName) -> str:
    return f"{DEFAULTS[step].minutes}" + (" and twice `training.minutes`" if step == "train" else "")


def main(folder: str) -> None:
    write_atomically(Path(folder) / "spec.schema.json", schema())
    write_atomically(Path(folder) / "spec.md", page())


if __name__ == "__main__":
    main(*sys.argv[1:])
