"""`make registry`: a registry to try with."""

import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def make(port):
    return ["make", "--no-print-directory", "registry", f"REGISTRY_PORT={port}"]


def test_it_answers_until_it_is_interrupted_and_a_second_one_says_that_the_port_is_taken(port, tmp_path, monkeypatch):
    if shutil.which("docker-registry") is None:
        pytest.skip("needs a registry: apt-get install docker-registry")
    monkeypatch.setenv("HOME", str(tmp_path))
    first = subprocess.Popen(make(port), cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert f"registry://127.0.0.1:{port}/kamado" in first.stdout.readline()
        assert requests.get(f"http://127.0.0.1:{port}/v2/", timeout=10).status_code == 200
        second = subprocess.run(make(port), cwd=ROOT, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert re.search(rf"\[port-in-use\] 127.0.0.1:{port}.*REGISTRY_PORT={port + 1}", second.stderr)
    finally:
        os.killpg(first.pid, signal.SIGINT)
        first.communicate(timeout=20)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/v2/", timeout=10)


@pytest.mark.parametrize("port", ["abc", "0", "70000"])
def test_a_port_that_is_none_is_refused(port):
    done = subprocess.run(make(port), cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"--port: '{port}' is not a whole number from 1 to 65535" in done.stderr
    assert "Traceback" not in done.stderr
