"""The base that is made here from Debian packages: repeatable, small, and able to serve the model laid on it."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
import requests
from isal import igzip

from build.image.base.apt import Apt, DebianPackage
from build.image.base.base import VERSION, XGBOOST, BaseError
from build.image.base.build_base import build_base
from build.image.base.resolve import server_base
from build.image.base.source_layer import code
from build.image.base.wheels import LOCK, CannotMake
from build.image.base_images.build_context import STEPS_LOCK
from build.image.build import build
from build.image.request import BuildRequest
from build.image.smoke_test.start import start_of
from model.bundle import predictor
from model.bundle.bundle import load
from model.kernel.library import KernelLibrary, load_library
from model.kernel.sources import kernel_sources
from model.version import version
from tests.build.image.test_assemble import config_of, read

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def cache(server_cache, tmp_path_factory):
    """A copy that tests may change."""
    return Path(shutil.copytree(server_cache, tmp_path_factory.mktemp("caches") / "cache"))


@pytest.fixture(scope="module")
def image(cache, valid_bundle, verdict, tmp_path_factory):
    """(layout, result of the build) of the valid bundle on the base made here."""
    folder = tmp_path_factory.mktemp("images")
    return folder, build(
        valid_bundle,
        verdict,
        BuildRequest(f"oci:{folder}", None, cache, smoke_test="process"),
        report=lambda _: None,
    )


@pytest.fixture(scope="module")
def root(image, tmp_path_factory):
    """The image's file system, its layers unpacked one over the other."""
    folder, built = image
    target = tmp_path_factory.mktemp("root")
    target.chmod(0o755)
    for layer in json.loads(read(folder, built.digest))["layers"]:
        packed = folder / "blobs" / "sha256" / layer["digest"].removeprefix("sha256:")
        with igzip.open(packed) as file, tarfile.open(fileobj=file, mode="r|") as tar:
            tar.extraction_filter = lambda member, _: member  # `filter=` is newer than Debian's Python 3.11
            tar.extractall(target)
    return target


def test_made_again_elsewhere_it_has_the_same_digest(cache, tmp_path):
    shutil.copytree(cache / "kernel", tmp_path / "kernel")  # that it is the same has tests of its own
    (tmp_path / "base").mkdir()
    for packages in cache.glob("base/packages-*.json"):  # the same, also when the mirror moves on between the two
        shutil.copy(packages, tmp_path / "base")
    assert build_base(tmp_path, report=print).digest == build_base(cache, report=print).digest


def test_what_was_made_is_kept(cache):
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*.tar.gz")}
    build_base(cache, report=print)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.tar.gz")} == before
    assert not list(cache.rglob(".making-*"))


def test_a_kept_layer_that_lost_its_end_is_made_again(cache):
    path = min((cache / "base" / "layers").glob("*.tar.gz"), key=lambda file: file.stat().st_size)  # the kernel's
    complete = path.read_bytes()
    path.write_bytes(complete[:-1])
    build_base(cache, report=print)
    assert path.read_bytes() == complete


def test_the_image_says_its_base_and_the_xgboost_in_it(image):
    folder, built = image
    labels = config_of(folder, built.digest)["config"]["Labels"]
    assert built.base.kind == "debian"
    assert labels["kamado.base"] == "server"
    assert labels["org.opencontainers.image.base.digest"] == built.base.digest
    assert labels[XGBOOST] == predictor.XGBOOST
    assert labels[VERSION] == version()


def test_it_holds_no_shell_no_package_manager_no_compiler_and_nothing_of_training(root):
    programs = {path.name for path in (root / "usr" / "bin").iterdir()}
    assert all(name.startswith("python3") for name in programs)
    packages = {path.name for path in root.glob("usr/local/lib/python3*/dist-packages/*")}
    assert packages.isdisjoint({"pip", "setuptools", "kfp", "pandas", "google", "boto3", "yaml", "sklearn", "pyarrow"})
    assert packages.isdisjoint({"xgboost", "scipy", "ziglang"})
    assert {path.name for path in (root / "opt" / "kamado").iterdir()} == {"bundle", "model", "serving", "verdict.json"}


COMPILED_ANEW = re.compile(r"# code object from (/.*\.py)")  # how `python -v` prints it; a compiled file is in quotes
NEVER_IMPORTED = "uvicorn/supervisors/watchfilesreload.py"  # needs a library that is not there, which uvicorn notices


def test_all_that_a_running_server_imports_of_libraries_is_compiled_in_it(image, root, valid_bundle, tmp_path):
    """Every start is a new process, and would compile it again. Some of it is imported after `serving.server`."""
    config = config_of(image[0], image[1].digest)
    config["config"]["Cmd"] = ["python3", "-v", "-m", "serving.server"]
    start = start_of(root, json.dumps(config).encode())
    row = load(valid_bundle).golden[0]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(start.command, env=start.environment, cwd=start.folder, stdout=log, stderr=log)
    try:
        while not (address := re.search(r"http://127\.0\.0\.1:\d+", (tmp_path / "log").read_text())):
            assert server.poll() is None, (tmp_path / "log").read_text()[-1000:]
            time.sleep(0.05)
        answer = requests.post(f"{address[0]}/predict", json=row.input, timeout=20)
        assert answer.json()["probability"] == row.probability
    finally:
        server.terminate()
        server.wait()
    files = [
        match[1] for line in (tmp_path / "log").read_text().splitlines() if (match := COMPILED_ANEW.fullmatch(line))
    ]
    assert "# code object from '" in (tmp_path / "log").read_text(), "how Python says that a module was compiled before"
    assert [file for file in files if not file.endswith(NEVER_IMPORTED)] == []


def test_what_is_compiled_in_it_is_of_its_own_files_under_their_names_in_the_image(root):
    compiled = list(root.rglob("*.pyc"))
    assert 600 < len(compiled) < 1200
    for path in compiled:
        source = path.parents[1] / f"{path.name.split('.')[0]}.py"
        head, code = path.read_bytes()[:16], path.read_bytes()[16:]
        assert head[8:] == importlib.util.source_hash(source.read_bytes()), source
        assert f"/{source.relative_to(root)}".encode() in code
        assert str(root).encode() not in code


def test_its_libraries_stay_small(root):
    folder = next(root.glob("usr/local/lib/python3*/dist-packages"))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"site-packages of the server: {size / 1e6:.0f} MB")
    assert size < 90_000_000


def test_it_has_the_kernel_beside_its_sources_and_can_load_it(root):
    library = root / "opt" / "kamado" / "model" / "kernel" / kernel_sources().library_name(".so")
    assert isinstance(load_library(library), KernelLibrary)


def test_it_has_the_authorities_that_encrypted_connections_trust(root):
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 50


ENTER = """
import os, sys
root, user, folder, *command = sys.argv[1:]
os.chroot(root)
os.chdir(folder)
os.setgroups([])
os.setgid(int(user))
os.setuid(int(user))
os.execvpe(command[0], command, dict(os.environ))
"""


@pytest.fixture(scope="module")
def running(image, root):
    """The address of the image's own server, started as a container engine would start it, in a process of its own."""
    if os.geteuid() != 0:
        pytest.skip("needs root: only root may change the root of a process to that of the image")
    run = config_of(image[0], image[1].digest)["config"]
    environment = dict(pair.split("=", 1) for pair in run["Env"]) | {"KAMADO_PORT": "0", "KAMADO_HOST": "127.0.0.1"}
    command = [sys.executable, "-c", ENTER, str(root), run["User"], run["WorkingDir"], *run["Cmd"]]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment, **pipe) as server:
        try:
            line = server.stdout.readline()
            address = re.match(r"http://127\.0\.0\.1:\d+", line)
            assert address, line + server.stdout.read()
            yield address[0]
        finally:
            server.terminate()


def test_the_server_in_the_image_answers_golden_rows_to_the_last_digit(running, valid_bundle):
    with requests.Session() as session:
        for row in load(valid_bundle).golden[:20]:
            turned = dict(reversed(row.input.items()))
            answer = session.post(f"{running}/predict", json=turned, timeout=20)
            assert answer.json()["probability"] == row.probability, answer.text


@pytest.mark.parametrize("lock", [LOCK, STEPS_LOCK], ids=["server", "steps"])
def test_the_lock_of_an_image_has_the_versions_and_hashes_that_training_has(lock):
    def pins(path):
        entries = re.split(r"\n(?=\S)", path.read_text())
        return {match[1]: entry for entry in entries if (match := re.match(r"([\w.-]+==[\w.]+)", entry))}

    image, training = pins(lock), pins(ROOT / "requirements.txt")
    assert image.keys() <= training.keys()
    hashes = {pin: set(re.findall(r"sha256:\w+", entry)) for pin, entry in image.items()}
    assert all(hashes.values())
    assert all(own <= set(re.findall(r"sha256:\w+", training[pin])) for pin, own in hashes.items())


def test_what_the_spec_reader_says_does_not_change_the_server():
    names = {entry.name for entry in code()}
    assert "opt/kamado/model/spec/types.py" not in names
    assert {"opt/kamado/model/bundle/bundle.py", "opt/kamado/serving/server.py"} <= names


def test_where_no_base_can_be_made_it_is_said_and_the_base_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    messages = []
    base = server_base(None, cache=tmp_path / "cache", report=messages.append)
    assert (base.kind, base.layers) == ("none", ())
    assert messages == ["no base could be made here: apt-get is not on this machine, which is not a Debian or Ubuntu"]


def test_where_the_cache_cannot_be_written_no_other_image_is_made_in_its_place(tmp_path):
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get: on other systems than Debian and Ubuntu the base comes from BASE_IMAGE")
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(BaseError, match=r"cache: cannot be written \(Not a directory\).*KAMADO_CACHE"):
        server_base(None, cache=tmp_path / "cache", report=print)


@pytest.mark.case("a base where no compiler of the kernel can be fetched")
def test_without_a_kernel_there_is_no_base_and_the_reason_is_said(tmp_path, monkeypatch, outcome):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get: on other systems than Debian and Ubuntu the base comes from BASE_IMAGE")
    messages = []
    assert server_base(None, cache=tmp_path, report=messages.append).kind == "none"
    assert "no base could be made here: the kernel cannot be compiled: pip cannot download" in messages[-1]
    outcome(messages[-1])


def test_packages_that_a_mirror_has_no_more_are_told(tmp_path):
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get: on other systems than Debian and Ubuntu the base comes from BASE_IMAGE")
    with Apt() as apt:
        apt.options["Dir::Etc::sourcelist"] = apt.options["Dir::Etc::sourceparts"] = "/dev/null"
        apt.options["Dir::State::lists"] = str(tmp_path)
        with pytest.raises(CannotMake, match="cannot download"):
            apt.download((DebianPackage("libc6", "0.0"),), tmp_path)
