"""How logic tells its step how far it is."""

from collections.abc import Callable

ReportProgress = Callable[[int, int, str], None]
"""Called with (done, total, message); the message is one short line."""
