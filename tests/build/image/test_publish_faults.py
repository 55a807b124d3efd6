"""`kamado image` into a real registry when the world does not help: killed, lied to, with a wrong clock."""

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
import requests

from build.image.base.build_base import build_base
from build.oci.credentials import DockerLogin
from build.oci.image import Image
from build.oci.json_documents import dump
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from tests.build.oci.registry_stores import fetch, full
from tests.build.publisher import by_verb, started
from tests.build.release.command import run
from tests.services.registry import registry

ROOT = Path(__file__).resolve().parents[3]
TAG = "toy-conversion-20260701T000000Z-"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="module")
def base(server_cache, host, tmp_path_factory):
    """HOST/base:1, a server in the registry."""
    server = build_base(server_cache, report=lambda _: None)
    folder = tmp_path_factory.mktemp("base")
    store = RegistryStore(RegistryClient(host, "base", login=DockerLogin(host, folder)), locks=folder)
    publish(store, Image(server.config.data, server.layers), "1")
    return f"{host}/base:1"


def image_words(bundle, verdict, to: str, base: str) -> list[str]:
    """An engine that happens to run here would test half of the images in another way, and slower."""
    words = ["image", str(bundle), "--verdict", str(verdict), "--to", to, "--base", base]
    return [*words, "--smoke-test", "process", "--json"]


def start(
    bundle, verdict, to: str, base: str, cache: Path, *, prefix: tuple[str, ...] = (), scratch: Path | None = None
) -> subprocess.Popen:
    command = [*prefix, sys.executable, "-m", "cli", *image_words(bundle, verdict, to, base)]
    environment = {**os.environ, "KAMADO_CACHE": str(cache)} | ({"TMPDIR": str(scratch)} if scratch else {})
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """The builders' cache: the first to need the base fetches it."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def undisturbed(valid_bundle, verdict, host, base, cache):
    """The result of a build without faults."""
    return built(valid_bundle, verdict, f"registry://{host}/undisturbed", base, cache)


def forked(bundle, verdict, to: str, base: str, screen: Path, **environment: str) -> ForkServerProcess:
    """Such a process without the second that its imports take."""
    return started(by_verb, image_words(bundle, verdict, to, base), environment, screen)


def printed(child: ForkServerProcess, screen: Path) -> dict:
    child.join()
    assert child.exitcode == 0, screen.with_suffix(".err").read_text()
    return json.loads(screen.read_text())


def done(child: subprocess.Popen) -> dict:
    out, err = child.communicate()
    assert child.returncode == 0, err
    return json.loads(out)


def image(bundle, verdict, to: str, base: str, cache: Path) -> subprocess.CompletedProcess:
    """What such a process answers, from the verb in this one: for what depends on no clock, folder or signal."""
    return run(*image_words(bundle, verdict, to, base), KAMADO_CACHE=str(cache))


def built(bundle, verdict, to: str, base: str, cache: Path) -> dict:
    ended = image(bundle, verdict, to, base, cache)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def tags(host: str, repository: str) -> list[str]:
    answer = requests.get(f"http://{host}/v2/{repository}/tags/list", timeout=10)
    listed = [] if answer.status_code == 404 else answer.json()["tags"] or []
    return [
        tag for tag in listed if not tag.startswith("sha256-")
    ]  # lists of documents, where there is no API for them


def test_killed_at_ten_moments_no_tag_names_half_an_image_and_the_next_run_completes(
    valid_bundle, verdict, host, base, tmp_path
):
    (scratch := tmp_path / "scratch").mkdir()
    moments = [0.05 + number * 0.3 for number in range(10)]  # the last one is about when a builder is done

    def killed(number: int) -> bool:
        words = image_words(valid_bundle, verdict, f"registry://{host}/killed/{number}", base)
        child = started(by_verb, words, {"KAMADO_CACHE": str(tmp_path / "cache"), "TMPDIR": str(scratch)})
        time.sleep(moments[number])
        child.kill()
        child.join()
        for tag in tags(host, f"killed/{number}"):
            _, config, layers = fetch(host, f"killed/{number}", tag)  # compares every digest
            assert tag.startswith(TAG)
            assert len(layers) == len(json.loads(config)["rootfs"]["diff_ids"])
        return child.exitcode == -signal.SIGKILL

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(killed, range(10))) >= 5
    unfinished = next(number for number in range(10) if not tags(host, f"killed/{number}"))
    where = f"registry://{host}/killed/{unfinished}"
    folders = {"KAMADO_CACHE": str(tmp_path / "cache"), "TMPDIR": str(scratch)}
    screen = tmp_path / "completed.json"
    completed = printed(forked(valid_bundle, verdict, where, base, screen, **folders), screen)
    assert (completed["outcome"], completed["smoke_test"]["way"]) == ("written", "process")
    assert fetch(host, f"killed/{unfinished}", completed["tag"]) is not None
    assert servers_of(scratch) == []
    assert left_in(scratch) == []  # the last run has removed what those before it left


@pytest.mark.parametrize("kind", ["folder", "registry"])
def test_no_room_to_unpack_the_image_blames_the_temporary_folder_and_leaves_no_tag(
    valid_bundle, verdict, host, base, cache, tmp_path, kind
):
    to = f"oci:{tmp_path}/images" if kind == "folder" else f"registry://{host}/no-room/1"
    with full(tmp_path / "scratch") as scratch:
        screen = tmp_path / "refused.json"
        child = forked(valid_bundle, verdict, to, base, screen, KAMADO_CACHE=str(cache), TMPDIR=str(scratch))
        child.join()
        assert child.exitcode == 1
        message = screen.with_suffix(".err").read_text()
        assert f"[work-unwritable] {scratch}: cannot be worked in (No space left on device)" in message
        assert "set TMPDIR" in message
        assert list(scratch.iterdir()) == []
    assert not (tmp_path / "images" / "index.json").exists()
    assert tags(host, "no-room/1") == []
    if kind == "registry":
        assert built(valid_bundle, verdict, to, base, cache)["outcome"] == "written"


def left_in(scratch: Path) -> list[Path]:
    """All but the file of four bytes with which Python's tempfile tries a folder, which a kill may leave."""
    return [path for path in scratch.iterdir() if path.is_dir() or path.stat().st_size > len("blat")]


def servers_of(scratch: Path) -> list[str]:
    """Processes that were started out of this folder and still run."""
    time.sleep(0.5)
    commands = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in commands if str(scratch) in command]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stop_that_is_asked_for_leaves_nothing_behind(
    valid_bundle, verdict, host, base, cache, tmp_path, number, status
):
    (scratch := tmp_path / "scratch").mkdir()
    where = f"registry://{host}/stopped/{status}"
    child = start(valid_bundle, verdict, where, base, cache, scratch=scratch)
    while not list(scratch.glob("kamado-build-*/content/root/opt/kamado/serving")):
        time.sleep(0.05)
        assert child.poll() is None
    child.send_signal(number)
    _, err = child.communicate()
    assert child.returncode == status
    assert "Traceback" not in err
    assert list(scratch.iterdir()) == []
    assert servers_of(scratch) == []
    assert tags(host, f"stopped/{status}") == []


def test_two_builders_at_once_of_one_bundle_agree(valid_bundle, verdict, host, base, tmp_path):
    screens = [tmp_path / "first.json", tmp_path / "second.json"]
    to, cache = f"registry://{host}/both", str(tmp_path / "cache")
    both = [forked(valid_bundle, verdict, to, base, screen, KAMADO_CACHE=cache) for screen in screens]
    first, second = (printed(child, screen) for child, screen in zip(both, screens, strict=True))
    assert first["digest"] == second["digest"]
    assert tags(host, "both") == [first["tag"]]


def test_a_wrong_clock_changes_nothing(valid_bundle, verdict, host, base, undisturbed, cache, tmp_path):
    """Ten years ahead, and with a bundle whose files say they are of 1980."""
    if shutil.which("faketime") is None:
        pytest.skip("needs a clock that can be set: apt-get install faketime")
    old = Path(shutil.copytree(valid_bundle, tmp_path / "old"))
    for path in old.iterdir():
        os.utime(path, (315_532_800, 315_532_800))
    ahead = ("faketime", "-f", "+10y")
    wrong = done(start(old, verdict, f"registry://{host}/clock/wrong", base, cache, prefix=ahead))
    assert undisturbed["digest"] == wrong["digest"]


def test_a_base_that_changes_under_its_tag_changes_the_tag_of_the_image(
    valid_bundle, verdict, host, base, server_cache, undisturbed, cache, tmp_path
):
    """What was taken is named by digest in the image, and in its tag's key: two servers never share a tag."""
    server = build_base(server_cache, report=lambda _: None)
    other = replace(server, config=server.config.updated({"history": [{"created_by": "somebody else"}]}))
    client = RegistryClient(host, "base", login=DockerLogin(host, tmp_path / "absent"))
    pushed = Image(other.config.data, other.layers)
    for blob in (*pushed.layers, pushed.config_blob):
        client.upload(blob)
    client.put("1", pushed.manifest, pushed.media_type)
    second = built(valid_bundle, verdict, f"registry://{host}/undisturbed", base, cache)
    assert undisturbed["base"]["digest"] != second["base"]["digest"] == pushed.digest
    assert undisturbed["tag"] != second["tag"]
    assert sorted(tags(host, "undisturbed")) == sorted([undisturbed["tag"], second["tag"]])


def test_a_base_that_is_not_there_is_refused_before_anything_is_sent(valid_bundle, verdict, host, cache):
    ended = image(valid_bundle, verdict, f"registry://{host}/nobase", f"{host}/base:absent", cache)
    assert ended.returncode == 1
    assert "[base-missing]" in ended.stderr
    assert tags(host, "nobase") == []


def test_an_image_without_a_server_goes_to_no_registry(valid_bundle, verdict, host, cache, tmp_path):
    publish(Layout(tmp_path / "bare"), Image(dump({"architecture": "none", "os": "none"}), ()), "1")
    ended = image(valid_bundle, verdict, f"registry://{host}/bare", f"oci:{tmp_path}/bare:1", cache)
    assert ended.returncode == 1
    assert "[base-platform]" in ended.stderr
    assert tags(host, "bare") == []


def test_a_registry_that_is_not_there_is_refused_by_name(valid_bundle, verdict, base, cache):
    ended = image(valid_bundle, verdict, "registry://127.0.0.1:1/kamado", base, cache)
    assert ended.returncode == 1
    assert "[registry-unreachable] registry 127.0.0.1:1/kamado: cannot be reached" in ended.stderr
