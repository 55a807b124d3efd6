"""The entry of `kamado`: `python -m cli` in the checkout, or `.venv/bin/kamado` from any folder."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import os
import sys

from cli.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
