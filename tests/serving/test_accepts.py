"""Connections that come together are accepted together, also when a turn of the loop is long."""

from collections import Counter
from pathlib import Path

from serving.server import ACCEPTS_A_TURN


def test_a_turn_of_the_loop_accepts_many_connections(server, http):
    """Uvloop accepts one for each of the descriptors of a listener."""
    assert http.get(server.url + "/healthz", timeout=30).status_code == 200
    descriptors = Path(f"/proc/{server.process.pid}/fd").iterdir()
    sockets = Counter(str(target) for target in map(Path.readlink, descriptors) if "socket" in str(target))
    assert max(sockets.values()) == ACCEPTS_A_TURN
