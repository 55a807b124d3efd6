"""SIGTERM: not ready first, then no new connections, then the end; a second signal does not wait."""

import json
import signal
import socket

import pytest
import requests

from serving.settings import Settings, SettingsError
from tests.serving.process import running, until
from tests.serving.test_limits import answer, connected, head


def is_ready(server):
    return requests.get(server.url + "/readyz", timeout=30).status_code == 200


def test_a_server_that_drains_is_not_ready_and_answers_each_connection_once_more(bundle, row):
    """A second signal ends the drain, and with it a request whose body has not arrived."""
    body = json.dumps(row).encode()
    with (
        running(bundle, KAMADO_DRAIN_SECONDS="10", KAMADO_SECONDS="600") as server,
        connected(server, 2) as [idle, stuck],
    ):
        stuck.sendall(head(len(body)) + body[:10])
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not is_ready(server))
        refused = requests.get(server.url + "/readyz", timeout=30)
        assert (refused.status_code, refused.json()["problems"][0]["code"]) == (503, "stopping")
        assert requests.get(server.url + "/healthz", timeout=30).json() == {"alive": True}
        idle.sendall(head(len(body)) + body)
        answered = everything(idle)
        assert answered.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close\r\n" in answered
        server.process.send_signal(signal.SIGTERM)
        assert everything(stuck) == b""
        assert server.process.wait(30) == 0


def test_idle_connections_are_closed_and_those_in_progress_are_answered(bundle, row):
    body = json.dumps(row).encode()
    with running(bundle) as server, connected(server, 2) as [idle, begun]:
        begun.sendall(head(len(body)) + body[:10])
        server.process.send_signal(signal.SIGINT)
        assert everything(idle) == b""
        begun.sendall(body[10:])
        assert answer(begun)[0] == 200
        assert everything(begun) == b""
        assert server.process.wait(30) == 0


def everything(connection: socket.socket) -> bytes:
    """All that arrives until the server closes the connection, which it may do by a reset."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("seconds", ["11", "-1"])
def test_a_drain_leaves_time_for_the_rest_of_the_stop(seconds):
    with pytest.raises(SettingsError, match="KAMADO_DRAIN_SECONDS"):
        Settings.read({"KAMADO_BUNDLE": "b", "KAMADO_DRAIN_SECONDS": seconds})
