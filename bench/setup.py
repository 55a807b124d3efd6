"""How long the set-up takes: `python bench/setup.py`.

Each round installs the lock three times into a new environment: by pip, which is how it used to be done, by
`python3 -m build.environment` with an empty cache, and by the same again. Prints seconds, and pip's time over ours.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

from rich.console import Console

from bench.spread import spread

PIP = ("-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-cache-dir", "--requirement")


def by_pip(folder: Path) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    run([folder / "bin" / "python", *PIP, ROOT / "requirements.txt"])
    return time.monotonic() - began


def by_kamado(folder: Path, cache: Path) -> float:
    began = time.monotonic()
    run([sys.executable, "-m", "build.environment", folder], {"UV_CACHE_DIR": str(cache)})
    return time.monotonic() - began


def run(command: list[str | Path], variables: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=ROOT, env=os.environ | (variables or {}), check=True, capture_output=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    console = Console(highlight=False)
    pip, cold, warm = [], [], []
    for number in range(args.rounds):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            pip.append(by_pip(folder / "pip"))
            cold.append(by_kamado(folder / "cold", folder / "cache"))
            warm.append(by_kamado(folder / "warm", folder / "cache"))
        console.print(f"round {number + 1}: pip {pip[-1]:.1f} s, ours {cold[-1]:.1f} s, again {warm[-1]:.1f} s")
    console.print(f"set-up by pip: {spread(pip, ' s', 1)}")
    console.print(f"set-up by build.environment, empty cache: {spread(cold, ' s', 1)}")
    console.print(f"the same with its cache: {spread(warm, ' s', 1)}")
    console.print(f"pip's time over ours: {spread([a / b for a, b in zip(pip, cold, strict=True)], ' times', 1)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
