"""The command line: `python3 -m build.environment .venv` makes a venv with the packages of the lock, if need be."""

import sys

OLDEST, NEWEST = (3, 11), (3, 13)

if sys.version_info < OLDEST:  # before any import whose syntax an older Python cannot read
    version = sys.version.split()[0]
    sys.exit(
        "Kamado needs Python 3.11, 3.12 or 3.13; this is " + version + ". Name another: make PYTHON=python3.11 ..."
    )

import argparse
import os
from pathlib import Path

from build.environment.install import Environment, InstallError
from build.settings import cache_folder


def main() -> int:
    """0 = it is there and current, 1 = a stage failed, 130 = interrupted."""
    parser = argparse.ArgumentParser(prog="python3 -m build.environment", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", type=Path, default=Path("requirements.txt"), help="default: %(default)s")
    parser.add_argument("--kernel", action="store_true", help="compile the kernel that scores into it")
    args = parser.parse_args()
    if sys.version_info[:2] > NEWEST:
        print(f"Kamado is tested with Python 3.11, 3.12 and 3.13; this is {sys.version.split()[0]}.", file=sys.stderr)
    try:
        kernel_cache = cache_folder(os.environ) / "kernel" if args.kernel else None
        Environment(args.folder, args.lock, kernel_cache=kernel_cache).install()
    except InstallError as error:
        print(f"{args.folder} was not set up: {error}", file=sys.stderr)
        print("Fix what is said above, then run the same command again; it starts from the beginning.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\ninterrupted; {args.folder} is made anew by the next command", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
