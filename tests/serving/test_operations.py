"""docs/operations.md: its commands run, and its manifest and metrics are those of the server."""

import re
import shutil
import subprocess

import pytest
import yaml

from serving.graceful import LOG_SECONDS, STOP_SECONDS
from serving.limit import UNLIMITED_PATHS
from serving.log import FIELDS
from serving.settings import DRAIN_SECONDS, PORT, usage
from tests.serving.process import ROOT

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
COMMANDS = [
    line.strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
TO_SERVER = [command for command in COMMANDS if command.startswith("curl ")]
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def pod():
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return yaml.safe_load(block)["spec"]["template"]


@pytest.fixture(scope="module")
def container(pod):
    (container,) = pod["spec"]["containers"]
    return container


@pytest.mark.parametrize("command", TO_SERVER)
def test_a_command_to_the_server_prints_something(server, predict, row, command):
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt-get install curl")
    predict(row)
    shell = ["bash", "-o", "pipefail", "-c", command.replace(ADDRESS, server.url)]
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    assert done.stdout


def test_the_other_commands_are_those_of_the_readme():
    """tests/pipelines/test_readme.py runs them there."""
    readme = (ROOT / "README.md").read_text("utf-8")
    releases = [command for command in COMMANDS if command not in TO_SERVER]
    assert len(releases) == 3
    assert [command for command in releases if command not in readme] == []


def test_the_probes_of_the_manifest_are_answered_under_any_load(container, pod):
    paths = {container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness", "liveness")}
    assert paths <= UNLIMITED_PATHS
    assert pod["metadata"]["annotations"]["prometheus.io/path"] in UNLIMITED_PATHS


def test_the_manifest_sets_what_the_server_reads(container, pod):
    assert {variable["name"] for variable in container["env"]} <= set(re.findall(r"KAMADO_\w+", usage()))
    assert container["ports"][0]["containerPort"] == PORT.default
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(PORT.default)
    assert pod["spec"]["enableServiceLinks"] is False


def test_the_manifest_waits_for_the_requests_in_progress(container, pod):
    (drain,) = [variable["value"] for variable in container["env"] if variable["name"] == DRAIN_SECONDS.variable]
    assert DRAIN_SECONDS.maximum + LOG_SECONDS + 1 < STOP_SECONDS
    assert 0 < int(drain) <= DRAIN_SECONDS.maximum < STOP_SECONDS < pod["spec"]["terminationGracePeriodSeconds"]
    assert "lifecycle" not in container


def test_every_metric_of_the_page_is_exported(server, http):
    text = http.get(server.url + "/metrics", timeout=30).text
    metrics = {
        name.removesuffix("_bucket").removesuffix("_count") for name in re.findall(r"(?:kamado|process)_\w+", PAGE)
    }
    assert len(metrics) > 5
    assert {name for name in metrics if f"# TYPE {name} " not in text} == set()


def test_every_field_of_the_log_is_listed():
    section = PAGE.partition("\n## Log\n")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert list(listed.items()) == list(FIELDS.items())
