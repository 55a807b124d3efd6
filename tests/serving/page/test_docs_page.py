"""The page at `/docs`: every route of the OpenAPI document, and commands that run."""

import shutil
import subprocess

import orjson
import pytest
import requests

from tests.serving.page.document import parse


@pytest.fixture(scope="module")
def document(address):
    return parse(requests.get(f"{address}/docs", timeout=30).text)


def test_every_route_is_there_with_what_it_answers(document, address):
    paths = requests.get(f"{address}/openapi.json", timeout=30).json()["paths"]
    shown = {node.all("code")[0].text: node.text for node in document.all("section")}
    assert list(shown) == list(paths)
    for path, operations in paths.items():
        for verb, operation in operations.items():
            assert shown[path].startswith(verb.upper())
            assert operation["summary"] in shown[path]
            assert all(parameter["description"] in shown[path] for parameter in operation.get("parameters", []))
            if len(operation["responses"]) > 1:
                assert all(answer["description"] in shown[path] for answer in operation["responses"].values())


def test_it_has_no_script(document, address):
    assert document.all("script") == []
    policy = requests.get(f"{address}/docs", timeout=30).headers["content-security-policy"]
    assert "script-src 'none'; connect-src 'none'" in policy


def test_commands_run_as_they_stand(document, address):
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt-get install curl")
    setting, *commands = [node.text for node in document.all("pre")]
    assert setting == "SERVER=http://127.0.0.1:8080"
    script = "\n".join(f"{command} -o /dev/null -w '%{{http_code}} '" for command in commands)
    done = subprocess.run(
        ["bash", "-c", f"SERVER={address}\n{script}"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["200"] * len(commands)


def test_the_example_of_a_row_is_a_golden_row(document, rows):
    command = document.all("pre")[1].text
    assert orjson.dumps(rows[0].input).decode().replace("'", "'\"'\"'") in command
