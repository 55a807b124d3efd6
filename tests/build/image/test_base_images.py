"""The base images, built and run by a real container engine."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import docker.errors
import pytest

from build.image.base.base import VERSION, XGBOOST
from build.image.base.build_base import ENVIRONMENT
from build.image.base.source_layer import code, code_key
from build.image.base.wheels import LOCK
from build.image.base_images import BaseImagesError
from build.image.base_images.build_context import BuildContext
from build.image.base_images.build_images import build_images
from build.image.base_images.export import export, fresh_layout
from build.image.base_images.pip_config import pip_settings
from build.image.base_images.python_base import python_image
from build.image.build import build
from build.image.request import BuildRequest
from build.oci.archive import members_of
from build.oci.image import Blob
from build.oci.json_documents import ImageManifest
from build.oci.layer import TarEntry
from build.oci.layout import Layout
from cli.main import main
from model.bundle import predictor
from model.bundle.bundle import load
from model.errors import OutputError
from model.version import version

BUNDLE = "/opt/kamado/bundle"
REQUEST = """
import http.client, json, sys, time
for _ in range(600):
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=20)
    try:
        connection.connect()
        break
    except OSError:
        time.sleep(0.1)
method, path, body = sys.argv[1:]
connection.request(method, path, body, {"Content-Type": "application/json"})
answer = connection.getresponse()
print(answer.status, answer.read().decode())
"""
SIZE = "import os, sys; print(sum(os.lstat(f'{a}/{c}').st_size for a, b, n in os.walk(sys.argv[1]) for c in n))"
FORBIDDEN = (
    *("pip", "ensurepip", "setuptools", "ziglang", "kfp", "pandas", "boto3", "botocore", "google", "sklearn"),
    *("pyarrow", "xgboost", "scipy"),
)
INSTALLS_OR_COMPILES = re.compile(
    r"pip[\d.]*|easy_install.*|apt(-.*)?|(.*-)?(gcc|g\+\+|cc|c\+\+|cpp|clang|tcc|ld|as|make)"
)


@pytest.fixture(scope="session")
def mounted(valid_bundle, tmp_path_factory) -> Path:
    """The valid bundle as any user of a container can read it."""
    folder = Path(shutil.copytree(valid_bundle, tmp_path_factory.mktemp("mounted") / "bundle"))
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


@contextlib.contextmanager
def container(client, image, mounted, *command):
    """Read-only, without a network and without privileges, as a careful cluster runs it."""
    started = client.containers.run(
        image,
        command or None,
        detach=True,
        read_only=True,
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        environment={"KAMADO_BUNDLE": BUNDLE},
        volumes={str(mounted): {"bind": BUNDLE, "mode": "ro"}},
    )
    try:
        yield started
    finally:
        started.remove(force=True)


def run(inside, *command, user=""):
    done = inside.exec_run(command, user=user)
    assert done.exit_code == 0, done.output.decode()
    return done.output.decode().strip()


@pytest.fixture(scope="module")
def server(engine_client, base_images, mounted):
    with container(engine_client, base_images["server"], mounted) as started:
        yield started


@pytest.fixture(scope="module")
def component(engine_client, base_images, mounted):
    with container(engine_client, base_images["component"], mounted, "sleep", "600") as started:
        yield started


class TestTheServer:
    def test_it_answers_without_network_rights_or_a_place_to_write(self, server):
        try:
            assert run(server, "python3", "-c", REQUEST, "GET", "/healthz", "").startswith("200")
        except AssertionError as error:
            raise AssertionError(server.logs().decode()) from error
        assert run(server, "id", "-u") == "65532"

    def test_it_answers_golden_rows_to_the_last_digit(self, server, valid_bundle):
        for row in load(valid_bundle).golden[-10:]:
            status, _, answer = run(
                server, "python3", "-c", REQUEST, "POST", "/predict", json.dumps(row.input)
            ).partition(" ")
            assert (status, json.loads(answer)["probability"]) == ("200", row.probability)

    def test_its_environment_is_that_of_the_made_base(self, server):
        variables = set(server.attrs["Config"]["Env"])
        assert {pair for pair in ENVIRONMENT if not pair.startswith("PATH=")} <= variables
        assert "OMP_NUM_THREADS=1" in run(server, "env").splitlines()
        assert server.attrs["Config"]["Cmd"] == ["python3", "-m", "serving.server"]
        assert server.image.labels == {XGBOOST: predictor.XGBOOST, VERSION: version()}

    def test_it_has_our_code_and_the_kernel_as_the_made_base_lays_them(self, server, image_kernel):
        listing = run(
            server,
            "find",
            "/opt/kamado",
            "-path",
            BUNDLE,
            "-prune",
            "-o",
            "-type",
            "f",
            "-not",
            "-name",
            "*.pyc",
            "-print",
        ).split()
        assert {name.removeprefix("/") for name in listing} == {entry.name for entry in [*code(), image_kernel]}

    @pytest.mark.parametrize("python", ["python3", "/usr/bin/python3"])
    def test_it_can_import_nothing_that_installs_or_trains(self, server, python):
        if server.exec_run(["test", "-x", python]).exit_code != 0 and python.startswith("/"):
            pytest.skip(f"the Python of this base is not {python}")
        script = f"import importlib.util as u; print([n for n in {FORBIDDEN} if u.find_spec(n)])"
        assert run(server, python, "-c", script) == "[]"

    def test_every_library_module_that_it_imports_is_compiled_in_it(self, server):
        """Every start is a new process, and would compile them again."""
        script = (
            "import importlib.util, os, sys, serving.server\n"
            "files = [getattr(module, '__file__', None) or '' for module in sys.modules.values()]\n"
            "files = [file for file in files if file.endswith('.py') and not file.startswith('/opt/kamado/')]\n"
            "print([file for file in files if not os.path.exists(importlib.util.cache_from_source(file))])"
        )
        assert run(server, "python3", "-c", script) == "[]"

    def test_its_libraries_stay_small(self, server):
        size = int(run(server, "python3", "-c", SIZE, "/opt/venv/lib"))
        print(f"site-packages of the server: {size / 1e6:.0f} MB")
        assert size < 90_000_000


class TestTheServersLayers:
    def test_none_holds_an_installer_a_compiler_or_a_lent_right(self, server_layout):
        for member in members(server_layout):
            parts = member.name.split("/")
            assert parts[0] != "pip", member.name
            assert not {"pip", "ensurepip", "setuptools", "python-wheels"} & set(parts), member.name
            assert not (parts[-2:-1] in (["bin"], ["sbin"]) and INSTALLS_OR_COMPILES.fullmatch(parts[-1])), member.name
            assert not member.mode & 0o6000, member.name
            assert (member.uid, member.gid, member.mtime) == (0, 0, 1_577_836_800), member.name

    def test_they_hold_what_is_compiled_of_a_server_and_nothing_else_of_the_kind(self, server_layout):
        """By content (flag 1): times are not kept."""
        flags = {}
        for tar, member in members_of_layers(server_layout):
            if "__pycache__" in member.name.split("/") and member.isfile():
                flags[member.name] = tar.extractfile(member).read(8)[4]
        assert 600 < len(flags) < 1200
        own = {name for name in flags if name.startswith("opt/kamado/")}
        assert {flags[name] for name in own} == {3}  # compared with its source: an image above may replace that
        assert {flags[name] for name in flags.keys() - own} == {1}

    def test_out_of_the_engine_again_it_is_the_same_digest(self, engine_client, base_images, server_layout, tmp_path):
        export(engine_client, {"server": base_images["server"]}, Layout(tmp_path), report=print)
        assert Layout(tmp_path).resolve("server") == Layout(server_layout).resolve("server")

    def test_a_model_laid_on_it_is_tested_by_running_it(
        self, engine_address, server_layout, valid_bundle, verdict, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("DOCKER_HOST", engine_address)
        request = BuildRequest(
            f"oci:{tmp_path / 'images'}", f"oci:{server_layout}:server", tmp_path, smoke_test="engine"
        )
        image = build(valid_bundle, verdict, request, report=print)
        assert image.base.digest == Layout(server_layout).resolve("server")
        assert image.smoke_test.way == "engine"


def members(layout):
    return (member for _, member in members_of_layers(layout))


def members_of_layers(layout):
    store = Layout(layout)
    for layer in ImageManifest.parse(store.manifest(store.resolve("server"))).layers:
        opened = partial(store.blob, layer.digest)
        yield from members_of(Blob(layer.digest, layer.size, layer.media_type, opened))


class TestTheComponent:
    def test_it_verifies_a_bundle_and_is_not_root(self, component):
        assert "is valid" in run(component, "python3", "-m", "cli", "verify", BUNDLE)
        assert run(component, "id", "-u") == "65532"

    def test_it_has_every_library_of_the_lock(self, component):
        script = "import kfp, duckdb, google.cloud.bigquery, boto3, docker, xgboost; print(kfp.__version__)"
        locked_kfp = re.search(
            r"^kfp==(\S+)", (Path(__file__).parents[3] / "requirements.txt").read_text(), re.MULTILINE
        )
        assert run(component, "python3", "-c", script) == locked_kfp[1]

    def test_it_finds_the_very_server_code_and_lock_that_this_checkout_has(self, component):
        script = (
            "import hashlib; from build.image.base.source_layer import code, code_key; "
            "from build.image.base.wheels import LOCK;"
            "print(code_key(code()), hashlib.sha256(LOCK.read_bytes()).hexdigest())"
        )
        checkout = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        assert run(component, "python3", "-c", script) == checkout.strip()
        assert checkout.startswith(code_key(code()))
        assert (
            run(component, "cat", f"/opt/kamado/build/image/base_images/server/{LOCK.name}") == LOCK.read_text().strip()
        )

    def test_it_has_the_kernel_as_the_server_has_it(self, component, image_kernel):
        script = "from model.kernel.library import find_library; print(find_library().path)"
        assert run(component, "python3", "-c", script) == f"/{image_kernel.name}"

    def test_it_knows_its_commit(self, component):
        assert f"KAMADO_COMMIT={'0' * 40}" in component.attrs["Config"]["Env"]

    def test_settings_of_pip_stay_in_no_image(self, engine_client, base_images, component):
        assert component.exec_run(["test", "-e", "/pip"]).exit_code == 1
        for image in base_images.values():
            text = json.dumps([*engine_client.images.get(image).history(), engine_client.images.get(image).attrs])
            assert not re.search(r"PIP_|index-url|https?://", text)


def broken(*lines):
    return BuildContext(
        "broken", [TarEntry("Dockerfile", data="\n".join(["ARG PYTHON", "FROM ${PYTHON}", *lines]).encode())], {}
    )


def test_a_build_that_fails_says_why_and_leaves_no_tag(engine_client, python_base):
    with pytest.raises(
        BaseImagesError, match=r"the disk of the index is full.*non-zero code: 3|non-zero code: 3.*is full"
    ):
        build_images(
            engine_client, python_base, [broken("RUN echo the disk of the index is full >&2; exit 3")], report=print
        )
    with pytest.raises(docker.errors.ImageNotFound):
        engine_client.images.get("kamado/broken")


def test_a_dockerfile_that_the_engine_cannot_read_is_refused(engine_client, python_base):
    with pytest.raises(BaseImagesError, match="SING"):
        build_images(engine_client, python_base, [broken("SING a song")], report=print)


@pytest.mark.parametrize(
    ("image", "message"),
    [("python:3.11-slim", "IMAGE@sha256"), (f"127.0.0.1:1/none@sha256:{'0' * 64}", "cannot be pulled")],
)
def test_a_python_that_cannot_be_pulled_by_digest_is_refused(engine_client, tmp_path, image, message):
    with pytest.raises(BaseImagesError, match=message):
        python_image(engine_client, image, cache=tmp_path, report=print)


def test_without_an_engine_the_refusal_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    assert main(["base-images", "--out", str(tmp_path / "out")], os.environ) == 1
    assert "container engine: does not answer" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_settings_of_pip_follow_it_into_a_build_but_folders_of_this_machine_do_not(tmp_path, monkeypatch):
    trusted = tmp_path / "trusted.pem"
    trusted.write_text("an authority")
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://weaker.example/simple\nretries = 7\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://name:pass%20word@index.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///wheels https://more.example/simple")
    monkeypatch.setenv("PIP_CERT", str(trusted))
    files = {entry.name: entry.data for entry in pip_settings({})}
    lines = files["pip/pip.conf"].decode().splitlines()
    assert {
        "index-url = https://name:pass%20word@index.example/simple",
        "extra-index-url = https://more.example/simple",
        "retries = 7",
        "cert = /pip/certificates.pem",
    } <= set(lines)
    assert files["pip/certificates.pem"] == trusted


class TestTheFolderOfImages:
    def test_it_is_replaced_when_all_is_in_it(self, tmp_path):
        folder = tmp_path / "images"
        for content in ("one", "two"):
            with fresh_layout(folder) as new:
                new.folder.mkdir()
                (new.folder / "oci-layout").write_text(content)
        assert (folder / "oci-layout").read_text() == "two"
        assert list(tmp_path.iterdir()) == [folder]

    def test_it_stays_when_something_fails(self, tmp_path):
        (tmp_path / "oci-layout").touch()
        with contextlib.suppress(BaseImagesError), fresh_layout(tmp_path) as new:
            new.folder.mkdir()
            raise BaseImagesError
        assert [path.name for path in tmp_path.iterdir()] == ["oci-layout"]

    def test_a_folder_that_is_not_a_layout_is_not_touched(self, tmp_path):
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(OutputError), fresh_layout(tmp_path):
            pass
        assert (tmp_path / "thesis.tex").exists()
