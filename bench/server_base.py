"""What a server base weighs and what a start costs: `python bench/server_base.py`.

Makes the base as a build without a container engine does, unpacks it, and starts its own Python: once to import the
server, once to serve a model of 400 trees, both some rounds. Processor time and memory are those of that process, from
/proc at the moment when it says that it serves. `--bundle` serves another model, `--root` measures an unpacked image.
Medians with their spread are printed; the exit code is 1 when a goal is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

from rich.console import Console

from bench.spread import spread
from build.image.base.base import architecture
from build.image.base.build_base import ENVIRONMENT, build_base
from build.image.base.wheels import CannotMake
from build.image.smoke_test.rootfs import unpack
from build.image.smoke_test.start import Start, start_of
from build.settings import cache_folder
from model.bundle.manifest import Trees
from tests.bundles import valid_design, write_bundle

MOST_BYTES, MOST_IMPORT, MOST_READY, MOST_RESIDENT = 90_000_000, 0.6, 2.0, 90_000_000


def start(root: Path, bundle: Path, *words: str) -> Start:
    """A command of the image, run from outside of it."""
    run = {"Cmd": ["python3", *words], "Env": [*ENVIRONMENT, "KAMADO_BUNDLE="], "WorkingDir": "/opt/kamado"}
    image = start_of(root, json.dumps({"architecture": architecture(), "config": run}).encode())
    return replace(image, environment={**image.environment, "KAMADO_BUNDLE": str(bundle)})


def import_seconds(root: Path, bundle: Path) -> float:
    """Processor time of a Python until it has imported the server."""
    command = start(root, bundle, "-c", "import serving.server, time; print(time.process_time())")
    done = subprocess.run(
        command.command, env=command.environment, cwd=command.folder, check=True, stdout=subprocess.PIPE
    )
    return float(done.stdout)


def served(root: Path, bundle: Path) -> tuple[float, int]:
    """Processor time until it serves, and resident bytes by then."""
    command = start(root, bundle, "-m", "serving.server")
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command.command, env=command.environment, cwd=command.folder, **pipe) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line.startswith("http://"):
                raise SystemExit(f"the server did not start: {line}{server.stdout.read()}")
            status = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
            pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
        finally:
            server.terminate()
    ticks = int(status[11]) + int(status[12])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE")


def packages_bytes(root: Path) -> int:
    """Of the libraries, what is compiled of them included."""
    folders = [*root.glob("usr/local/lib/python3*/dist-packages"), *root.glob("opt/venv/lib/python3*/site-packages")]
    return sum(path.lstat().st_size for folder in folders for path in folder.rglob("*") if not path.is_dir())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bundle", type=Path, help="default: a model of 400 trees of depth 6")
    parser.add_argument("--root", type=Path, help="an unpacked image; default: the base that is made here")
    args = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as temporary:
        folder = Path(temporary)
        root = args.root or folder / "root"
        if args.root is None:
            root.mkdir()
            try:
                base = build_base(cache_folder(os.environ), report=lambda _: None)
            except CannotMake as reason:
                console.print(f"no base can be made here: {reason}")
                return 1
            unpack(base.layers, root)
            console.print(f"server base: {sum(layer.size for layer in base.layers) / 1e6:.0f} MB to pull")
        design = replace(valid_design(7), trees=Trees.of((400,)), parameters={"max_depth": 6, "eta": 0.05})
        bundle = args.bundle.resolve() if args.bundle else write_bundle(folder / "bundle", design)
        imports = [import_seconds(root, bundle) for _ in range(args.rounds)]
        seconds, resident = zip(*(served(root, bundle) for _ in range(args.rounds)), strict=True)
        size, memory = packages_bytes(root), [value / 1e6 for value in resident]
    console.print(f"libraries, unpacked: {size / 1e6:.1f} MB (goal: at most {MOST_BYTES / 1e6:.0f})")
    console.print(f"import of the server: {spread(imports, ' CPU s')} (goal: at most {MOST_IMPORT})")
    console.print(f"until it serves: {spread(seconds, ' CPU s')} (goal: at most {MOST_READY:g})")
    console.print(f"resident by then: {spread(memory, ' MB', 1)} (goal: at most {MOST_RESIDENT / 1e6:.0f})")
    reached = (
        size <= MOST_BYTES
        and statistics.median(imports) <= MOST_IMPORT
        and statistics.median(seconds) <= MOST_READY
        and statistics.median(resident) <= MOST_RESIDENT
    )
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
