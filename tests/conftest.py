"""Fixtures of all packages, and what is too slow to make twice in one run of the tests."""

import atexit
import contextlib
import gc
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from build.image.base_images import BaseImagesError
from build.image.base_images.build_context import component_context, server_context
from build.image.base_images.build_images import build_images
from build.image.base_images.engine_kernel import engine_kernel
from build.image.base_images.export import export
from build.image.base_images.python_base import python_image
from build.oci.layout import Layout
from build.settings import cache_folder
from tests.bundles import write_valid_bundle
from tests.once import folder_of_run
from tests.services.chromium import Chromium, open_chromium
from tests.services.engine import engine
from tests.verdicts import verdict_of

# Machines are shared: no case fails for the time that it takes.
hypothesis.settings.register_profile("kamado", deadline=None)
hypothesis.settings.load_profile("kamado")

# These share an engine and the images that they build in it: one process has them all.
IN_THE_ENGINE = (
    "tests/build/image/test_base_images.py",
    "tests/build/image/test_component_image.py",
    "tests/pipelines/test_docker_runner.py",
)
# What takes longest begins first, so that no process of the tests is left alone with it at the end.
LONGEST = (
    *IN_THE_ENGINE,
    "tests/pipelines/test_run.py",
    "tests/build/image/test_publish_faults.py",
    "tests/pipelines/test_training.py",
    "tests/build/test_environment.py",
    "tests/build/image/test_smoke_test.py",
    "tests/test_examples.py",
    "tests/pipelines/new_model/test_real_tables.py",
    "tests/pipelines/submit/test_training.py",
    "tests/extract/googlesql/test_semantics.py",
    "tests/build/image/attest/test_attachments.py",
    "tests/build/image/test_build_base.py",
    "tests/pipelines/test_readme.py",
    "tests/pipelines/test_local.py",
    "tests/train/test_train.py",
    "tests/pipelines/test_fleet.py",
)


def pytest_collection_modifyitems(items):
    ranks = {file: rank for rank, file in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(LONGEST)))


class BySharedEngine(LoadFileScheduling):
    """A file is one piece of work, as are all files of IN_THE_ENGINE together."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "the engine" if file in IN_THE_ENGINE else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return BySharedEngine(config, log)


def pytest_configure():
    """A shell starts what it runs in the background with interrupts ignored, and every process of a test would too."""
    gc.disable()  # until all is imported and collected
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish():
    """What was imported and collected stays to the end: no search for garbage goes through it before."""
    gc.freeze()
    atexit.register(gc.unfreeze)
    gc.enable()


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> Path:
    """A folder that all processes of one run of the tests have, for `once`."""
    return folder_of_run(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def valid_bundle(tmp_path_factory) -> Path:
    """One valid bundle. Tests read it; what changes it works on copies."""
    return write_valid_bundle(tmp_path_factory.mktemp("valid") / "bundle")


@pytest.fixture(scope="session")
def verdict(valid_bundle, tmp_path_factory) -> Path:
    """A verdict that promotes it."""
    return verdict_of(valid_bundle, tmp_path_factory.mktemp("verdict") / "verdict.json")


@pytest.fixture
def bundle(valid_bundle, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(valid_bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser for all tests of pages."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def outcome(record_property):
    """Takes what the product answered, in one line; `python -m tests.cases` prints it beside the case."""
    return lambda answer: record_property("outcome", " ".join(str(answer).split()))


@pytest.fixture(scope="session")
def engine_address(tmp_path_factory):
    """`unix://…` of a container engine."""
    with engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


@pytest.fixture(scope="session")
def engine_client(engine_address):
    with contextlib.closing(docker.DockerClient(engine_address, timeout=600)) as client:
        yield client


@pytest.fixture(scope="session")
def python_base(engine_client):
    """The digest of the Python that base images start from. Debian's is kept in this machine's own cache."""
    try:
        return python_image(engine_client, None, cache=cache_folder(os.environ), report=print)
    except BaseImagesError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture(scope="session")
def image_kernel(engine_client):
    """The kernel's library for images of the engine, kept in this machine's own cache."""
    try:
        return engine_kernel(engine_client, cache=cache_folder(os.environ), report=print)
    except BaseImagesError as refusal:
        pytest.skip(str(refusal))


@pytest.fixture(scope="session")
def component_image(engine_client, python_base, image_kernel):
    """The engine's id of the image of the steps."""
    contexts = [component_context(os.environ, image_kernel, commit="0" * 40)]
    return build_images(engine_client, python_base, contexts, tag="tests", report=print)["component"]


@pytest.fixture(scope="session")
def base_images(engine_client, python_base, image_kernel, component_image):
    """{"server": id, "component": id} of the two base images in the engine."""
    server = build_images(
        engine_client, python_base, [server_context(os.environ, image_kernel)], tag="tests", report=print
    )
    return {**server, "component": component_image}


@pytest.fixture(scope="session")
def server_layout(engine_client, base_images, tmp_path_factory):
    """A layout with the server base, out of the engine."""
    folder = tmp_path_factory.mktemp("layout")
    folder.chmod(0o755)  # any user of a container can read it
    export(engine_client, {"server": base_images["server"]}, Layout(folder), report=print)
    return folder


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A folder of private keys, NAME.pem, and their public halves, NAME.pub."""
    folder = tmp_path_factory.mktemp("keys")
    for name, make in (
        ("mine", ("ecparam", "-name", "prime256v1", "-genkey", "-noout")),
        ("other", ("ecparam", "-name", "prime256v1", "-genkey", "-noout")),
        ("rsa", ("genpkey", "-algorithm", "RSA")),
        ("ed25519", ("genpkey", "-algorithm", "ed25519")),
    ):
        private, public = folder / f"{name}.pem", folder / f"{name}.pub"
        openssl(*make, "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
    openssl("ec", "-in", folder / "mine.pem", "-aes256", "-passout", "pass:word", "-out", folder / "secret.pem")
    (folder / "text.pem").write_text("no key")
    return folder


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
