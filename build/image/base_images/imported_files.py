"""Print the source files that come with the modules of a list, which are compiled when an image is built.

Every step and every server is a new process, and would compile them again. Not all that is installed: most of it is
never imported. What a list misses costs a start some time and nothing else; a test finds it.
"""

import importlib
import sys
from pathlib import Path


def main(names: list[str]) -> None:
    for name in names:
        importlib.import_module(name)
    sources = {getattr(module, "__file__", None) or "" for module in sys.modules.values()}
    print(*sorted(file for file in sources if file.endswith(".py") and file != __file__), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_text("utf-8").split())
