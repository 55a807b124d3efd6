"""The command line: `python3 -m build.kernel FOLDER` puts the kernel's library for this machine into FOLDER."""

import argparse
import os
import sys
from pathlib import Path

from build.kernel import CannotCompile
from build.kernel.install import install_kernel
from build.settings import cache_folder
from model.kernel.sources import kernel_sources


def main() -> int:
    """0 = it is there, 1 = it cannot be compiled or written, 130 = interrupted."""
    parser = argparse.ArgumentParser(prog="python3 -m build.kernel", description=__doc__)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    cache = cache_folder(os.environ) / "kernel"
    try:
        path = install_kernel(kernel_sources(), args.folder, cache, report=lambda line: print(line, file=sys.stderr))
    except CannotCompile as reason:
        print(f"the kernel was not compiled: {reason}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{args.folder} cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what was there is as it was", file=sys.stderr)
        return 130
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
