"""The README's "Images and releases", its commands as they stand there, but for free ports and the test's folders."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from pipelines.compile import ROOT
from tests.pipelines.test_run import first, small  # noqa: F401 - fixtures
from tests.services.registry import registry

SECONDS_TO_START = 60


@dataclass(frozen=True)
class Readme:
    """One of its blocks, line by line, beside the run and the place that it is about."""

    lines: list[str]
    environment: dict[str, str]
    out: Path

    @property
    def image(self) -> dict[str, Any]:
        return json.loads((self.out / "image.json").read_text())

    def command(self, start: str) -> list[str]:
        """The line that starts so, after the block's own settings."""
        (line,) = [line for line in self.lines if line.startswith(start)]
        settings = [line for line in self.lines if line.startswith("export ")]
        return ["bash", "-c", "\n".join([*settings, f"exec {line}"])]

    def run(self, start: str) -> subprocess.CompletedProcess[str]:
        command = self.command(start)
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def readme(first, small, engine_address, tmp_path_factory) -> Iterator[Readme]:  # noqa: F811 - fixtures
    for program in ("docker", "curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt-get install docker.io curl jq")
    out, (spec, data) = first.out, small
    image = json.loads((out / "image.json").read_text())
    page = (ROOT / "README.md").read_text().partition("## Images and releases")[2]
    block = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1]
    with registry(tmp_path_factory.mktemp("registry")) as host:
        for stands, here in {
            "127.0.0.1:5000": host,
            "127.0.0.1:8080": "127.0.0.1:$PORT",
            "--network host": "--network host --env KAMADO_PORT=$PORT",
            "TAG": image["tag"],
            "sha256:…": image["digest"],
            "out/bundle": shlex.quote(f"{out}/bundle"),
            "make image": f"make image OUT={shlex.quote(str(out))}",
            "make run": f"make run OUT={tmp_path_factory.mktemp('next')} SPEC={spec} DATA={data} TRIALS=1",
        }.items():
            assert stands in block, f"{stands} is gone from the README"
            block = block.replace(stands, here)
        yield Readme(block.splitlines(), os.environ | {"DOCKER_HOST": engine_address}, out)


@pytest.fixture(scope="module")
def pushed(readme):
    return readme.run("make image")


@pytest.fixture(scope="module")
def promoted(readme, pushed):
    return readme.run(".venv/bin/kamado promote")


def test_make_image_proves_the_container_and_gives_the_digest_of_the_run(readme, pushed):
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert "smoke test: the container gave" in pushed.stdout
    (last,) = [line for line in pushed.stdout.splitlines() if line.startswith("image ")]
    assert last.endswith(f":{readme.image['tag']}@{readme.image['digest']}")


def test_it_is_promoted_and_listed(readme, promoted):
    assert f"rent-conversion-rel-000001@{readme.image['digest']}" in promoted.stdout, promoted.stderr
    listed = readme.run(".venv/bin/kamado releases").stdout
    assert "rent-conversion-rel-000001" in listed
    assert readme.image["digest"] in listed


@pytest.mark.usefixtures("pushed")
def test_docker_run_answers_a_golden_row_to_the_last_digit(readme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    readme.environment["PORT"] = str(port)
    container = subprocess.Popen(readme.command("docker run"), cwd=ROOT, env=readme.environment)
    try:
        end = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < end and container.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://127.0.0.1:{port}/", timeout=10)
                break
            time.sleep(0.2)
        answered = readme.run("curl")
    finally:
        container.send_signal(signal.SIGINT)
        container.wait(30)
    assert answered.returncode == 0, answered.stderr
    golden = json.loads((readme.out / "bundle" / "golden.json").read_text())
    assert json.loads(answered.stdout)["probability"] == golden[0]["probability"]


@pytest.mark.usefixtures("promoted")
def test_the_next_model_has_to_beat_the_release(readme):
    done = readme.run("make run")
    assert re.search(r"resolve +finished +.*champion rent-conversion-rel-000001,", done.stdout), (
        done.stdout + done.stderr
    )
    assert "The model in service learned from" in done.stdout  # of the same rows: none is newer
    assert re.search(r"^champion registry://\S+/kamado: bundle sha256:[0-9a-f]{64}$", done.stdout, re.MULTILINE)


@pytest.mark.usefixtures("promoted")
def test_with_one_release_there_is_nothing_to_go_back_to(readme):
    done = readme.run(".venv/bin/kamado rollback")
    assert done.returncode == 1
    assert "[release-missing]" in done.stderr
