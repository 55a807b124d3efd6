"""The exit codes of every verb; docs/commands.md explains them."""

from model.interrupt import INTERRUPTED

DONE = 0
REFUSED = 1  # or failed
USAGE = 2  # the command line is wrong; nothing was started
NO_IMAGE = 3  # of `run`: the verdict is hold or insufficient-data

__all__ = ["DONE", "INTERRUPTED", "NO_IMAGE", "REFUSED", "USAGE"]
