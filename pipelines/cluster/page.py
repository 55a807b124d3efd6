"""The page of cluster.yaml, written from its classes: `python -m pipelines.cluster.page docs`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from pathlib import Path

from model.files import write_atomically
from model.spec.key_table import section
from pipelines.cluster.settings import KEYS, SECTIONS, ClusterSettings

HEAD = """# cluster.yaml, key by key

Written from the types in `pipelines/cluster/settings.py` by `python -m pipelines.cluster.page docs`. The variable
`CLUSTER` names the file. Every key may be left out, and so may the file. Unknown keys are refused.

The spec says what a model's steps need ([`resources`](spec.md#resources)); this file says what a team's cluster has:
which nodes may go away, which Secrets the steps get, when a run is stopped. It holds no secret itself.
"""


def page() -> bytes:
    """The keys as Markdown tables, a section for each part."""
    titles = {kind: name for name, kind in reversed(SECTIONS.items())}  # a class has one section, under its first name
    sections = [section("The file", ClusterSettings, SECTIONS)]
    sections += [section(f"`{name}`", kind, SECTIONS) for name, kind in SECTIONS.items() if titles[kind] == name]
    return "\n".join([HEAD, *sections, _keys()]).encode()


def _keys() -> str:
    rows = [f"| `{name}` | {', '.join(f'`{step}`' for step in steps)} |" for name, steps in KEYS.items()]
    about = "These variables name a file, and go to the steps that read it. Any other one has to name its `steps`."
    return "\n".join([about, "", "| variable | steps |", "|---|---|", *rows, ""])


def main(folder: str) -> None:
    write_atomically(Path(folder) / "cluster.md", page())


if __name__ == "__main__":
    main(*sys.argv[1:])
