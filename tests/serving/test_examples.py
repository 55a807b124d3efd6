"""Pages about the server: each command that has its answer below gets it, but for numbers and digests."""

import json
import re
import shutil
import subprocess

import pytest

from serving.score import load_and_verify
from tests.serving.page.conftest import serving
from tests.serving.process import ROOT

PAGES = ("serving.md", "open-inference-protocol.md", "contributions.md")
TEXT = "".join((ROOT / "docs" / page).read_text("utf-8") for page in PAGES)
EXAMPLES = re.findall(r"```sh\n(curl .*)\n```\n\n```json\n((?:.|\n)*?)```", TEXT)
IDENTITY = ("model", "digest", "model_name", "model_version")


@pytest.fixture(scope="module")
def address(valid_bundle):
    with serving(load_and_verify(valid_bundle)) as address:
        yield address


def without_values(document):
    """Numbers and the identity of the model are those of another bundle."""
    if isinstance(document, dict):
        return {key: key if key in IDENTITY else without_values(value) for key, value in document.items()}
    if isinstance(document, list):
        return [without_values(value) for value in document]
    return "a number" if isinstance(document, float) else document


def test_there_are_examples_of_every_answer():
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize(("command", "answer"), EXAMPLES)
def test_a_command_gets_the_answer_below_it(address, command, answer):
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt-get install curl")
    command = command.replace("http://127.0.0.1:8080", address).replace("curl ", "curl -s ")
    shell = ["bash", "-c", command.replace("models/rent-conversion", "models/toy-conversion")]
    done = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=60)
    assert without_values(json.loads(done.stdout)) == without_values(json.loads(answer))
