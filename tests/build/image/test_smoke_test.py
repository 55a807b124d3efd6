"""The smoke test: an image with other answers than training gets no tag, in a container and without one alike."""

import contextlib
import http.server
import json
import secrets
import tarfile
from dataclasses import replace
from io import BytesIO

import docker
import pytest

from build.image.base.base import Base
from build.image.base.build_base import build_base
from build.image.base.source_layer import code
from build.image.smoke_test import SmokeTestError
from build.image.smoke_test.smoke_test import run_smoke_test
from build.oci.credentials import DockerLogin
from build.oci.image import Image
from build.oci.layer import TarEntry, write_layer
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from build.oci.store import PushedImage
from model.bundle.bundle import load
from tests.build.released import assembled
from tests.contracts.image_store import blob
from tests.services.engine import engine
from tests.services.http import serving
from tests.services.registry import registry


@pytest.fixture(scope="module")
def base(server_cache, tmp_path_factory) -> Base:
    return build_base(server_cache, report=lambda _: None)


def spoiled(base: Base, folder, *changes: tuple[str, str, str]) -> Base:
    """The base with a layer over it in which the server's code is another: (file, before, after)."""
    ours = {entry.name: entry.data.read_text() for entry in code()}
    entries = []
    for file, before, after in changes:
        assert before in ours[f"opt/kamado/{file}"]
        text = ours[f"opt/kamado/{file}"].replace(before, after)
        entries.append(TarEntry(f"opt/kamado/{file}", 0o644, data=text.encode()))
    layer = write_layer(folder / "spoiled.tar.gz", entries, mtime=1_577_836_800)
    config = base.config.updated({"rootfs": {"type": "layers", "diff_ids": [*base.config.diff_ids, layer.diff_id]}})
    return replace(base, config=config, layers=(*base.layers, layer.blob()))


ANOTHER_LAST_DIGIT = ("serving/handlers.py", "orjson.dumps(probability),", "orjson.dumps(probability * (1 + 2e-15)),")
NO_SERVER = ("serving/server.py", '"""One typed', 'raise SystemExit("no license key")\n"""One typed')
TAKES_ALL = (
    ("serving/parse.py", "if not may_have_more(body, self._inputs):", "if True:"),
    ("serving/inputs.py", "if len(row) != self._count or not NUMBERS", "if not NUMBERS"),
)
FLAGS_NOTHING = (("serving/handlers.py", "if not (scores.unknown", "if True or not (scores.unknown"),)
DIES = ("serving/handlers.py", "batch = self._parser.batch(", "import os; os._exit(9); batch = self._parser.batch(")


class SmokeTestContract:
    """`way` is how images are tested; `store` is where they are before that."""

    def publish(self, base, valid_bundle, verdict, passed, store, tmp_path, way):
        (tmp_path / "work").mkdir()
        candidate = assembled(base, valid_bundle, verdict, tmp_path / "work", passed)
        results = []

        def before_tag(staged):
            results.append(run_smoke_test(staged, load(valid_bundle), way=way))
            return ()

        try:
            publish(store, candidate.image, candidate.tag, before_tag=before_tag)
        except SmokeTestError as refusal:
            assert store.resolve(candidate.tag) is None
            assert store.tags() == []
            return refusal
        return results[0]

    def test_an_image_that_answers_as_training_did_gets_its_tag(
        self, base, valid_bundle, verdict, passed, store, tmp_path, way
    ):
        result = self.publish(base, valid_bundle, verdict, passed, store, tmp_path, way)
        assert result.way == way
        assert result.answers > 2 * len(load(valid_bundle).golden)
        assert len(store.tags()) == 1

    def test_another_last_digit_is_refused_and_the_first_row_is_named(
        self, base, valid_bundle, verdict, passed, store, tmp_path, way
    ):
        refusal = self.publish(
            spoiled(base, tmp_path, ANOTHER_LAST_DIGIT), valid_bundle, verdict, passed, store, tmp_path, way
        )
        assert refusal.problems[0].code == "smoke-test-answer"
        assert "stored is" in refusal.problems[0].problem
        assert refusal.problems[0].where.startswith("golden row ")

    @pytest.mark.parametrize(
        ("change", "code", "message"),
        [
            (NO_SERVER, "smoke-test-start", "no license key"),
            (DIES, "smoke-test-start", ""),
        ],
        ids=["no-server", "dies"],
    )
    def test_a_server_that_does_not_stay_up_is_refused(
        self, base, valid_bundle, verdict, passed, store, tmp_path, way, change, code, message
    ):
        refusal = self.publish(spoiled(base, tmp_path, change), valid_bundle, verdict, passed, store, tmp_path, way)
        assert {problem.code for problem in refusal.problems} == {code}
        assert message in str(refusal)


class TestWithoutAnEngine(SmokeTestContract):
    @pytest.fixture
    def way(self):
        return "process"

    @pytest.fixture
    def store(self, tmp_path):
        return Layout(tmp_path / "images")

    def test_an_image_without_a_server_says_so(self, base, valid_bundle, verdict, passed, store, tmp_path, way):
        bare = replace(base, layers=(), config=base.config.updated({"rootfs": {"type": "layers", "diff_ids": []}}))
        refusal = self.publish(bare, valid_bundle, verdict, passed, store, tmp_path, way)
        assert "has no python3" in str(refusal)

    def test_a_layer_that_leads_out_of_the_image_is_refused(
        self, base, valid_bundle, verdict, passed, store, tmp_path, way
    ):
        with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
            link = tarfile.TarInfo("escape")
            link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
            tar.addfile(link)
            tar.addfile(tarfile.TarInfo("escape/stolen"))
        bad = replace(base, layers=(*base.layers, blob(packed.getvalue())))
        refusal = self.publish(bad, valid_bundle, verdict, passed, store, tmp_path, way)
        assert [problem.code for problem in refusal.problems] == ["smoke-test-layer"]
        assert not (tmp_path / "stolen").exists()

    def test_an_engine_asked_for_by_name_must_be_there(
        self, base, valid_bundle, verdict, passed, store, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
        refusal = self.publish(base, valid_bundle, verdict, passed, store, tmp_path, "engine")
        assert [problem.code for problem in refusal.problems] == ["smoke-test-engine"]
        assert "--smoke-test process" in str(refusal)


class Ending(http.server.BaseHTTPRequestHandler):
    """An engine that ends when an image is loaded into it."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        body = b'{"ApiVersion": "1.41"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.close_connection = True
        self.connection.close()


def test_an_engine_that_ends_in_the_middle_is_a_refusal(base, valid_bundle, verdict, passed, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    candidate = assembled(base, valid_bundle, verdict, tmp_path / "work", passed)
    with serving(Ending) as address:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://{address}")
        with pytest.raises(SmokeTestError, match=r"\[smoke-test-engine\] container engine: fails .* test without it"):
            run_smoke_test(PushedImage(candidate.image), candidate.bundle, way="auto")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with engine(tmp_path_factory.mktemp("engine")) as address:
        yield address


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="module")
def settled(server_cache, host, address, tmp_path_factory):
    """The base's layers, in the registry and in the engine already, as on a machine that builds every day."""
    base = build_base(server_cache, report=lambda _: None)
    folder = tmp_path_factory.mktemp("settled")
    server = Image(base.config.data, base.layers)
    publish(
        RegistryStore(RegistryClient(host, "smoke/base", login=DockerLogin(host, folder)), locks=folder), server, "1"
    )
    with contextlib.closing(docker.DockerClient(base_url=address)) as client:
        client.images.pull(f"{host}/smoke/base@{server.digest}")
    return tuple(replace(layer, origin=f"{host}/smoke/base") for layer in base.layers)


class TestInAContainer(SmokeTestContract):
    """Pulled by digest from a registry."""

    @pytest.fixture
    def way(self, address, monkeypatch):
        monkeypatch.setenv("DOCKER_HOST", address)
        return "engine"

    @pytest.fixture
    def base(self, base, settled):
        return replace(base, layers=settled)

    @pytest.fixture
    def store(self, host, tmp_path):
        client = RegistryClient(host, f"smoke/{secrets.token_hex(6)}", login=DockerLogin(host, tmp_path / "absent"))
        return RegistryStore(client, locks=tmp_path / "locks")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [(TAKES_ALL, "a row with a column too many"), (FLAGS_NOTHING, "beyond its range")],
        ids=["takes-all", "flags-nothing"],
    )
    def test_a_server_that_breaks_the_contract_is_refused(
        self, base, valid_bundle, verdict, passed, store, tmp_path, way, changes, message
    ):
        """The same checks hold for both ways."""
        refusal = self.publish(spoiled(base, tmp_path, *changes), valid_bundle, verdict, passed, store, tmp_path, way)
        assert {problem.code for problem in refusal.problems} == {"smoke-test-contract"}
        assert message in str(refusal)

    def test_the_engine_holds_nothing_afterwards(
        self, base, valid_bundle, verdict, passed, store, tmp_path, way, address
    ):
        self.publish(base, valid_bundle, verdict, passed, store, tmp_path, way)
        with contextlib.closing(docker.DockerClient(base_url=address)) as client:
            assert client.containers.list(all=True, filters={"label": "kamado=smoke-test"}) == []
            digests = {digest for image in client.images.list(all=True) for digest in image.attrs["RepoDigests"] or []}
            assert f"{store.name}@{store.resolve(store.tags()[0])}" not in digests

    def test_an_image_in_a_folder_is_given_to_the_engine(self, base, valid_bundle, verdict, passed, tmp_path, way):
        assert (
            self.publish(base, valid_bundle, verdict, passed, Layout(tmp_path / "images"), tmp_path, way).way
            == "engine"
        )


def test_both_ways_give_one_digest(base, valid_bundle, verdict, passed, address, tmp_path, monkeypatch):
    """Where an image was tested is recorded beside it, not in it."""
    monkeypatch.setenv("DOCKER_HOST", address)
    digests = set()
    for way in ("process", "engine"):
        (tmp_path / way).mkdir()
        candidate = assembled(base, valid_bundle, verdict, tmp_path / way, passed)
        store = Layout(tmp_path / f"{way}-images")

        def before_tag(staged, way=way):
            assert run_smoke_test(staged, load(valid_bundle), way=way).way == way
            return ()

        digests.add(publish(store, candidate.image, candidate.tag, before_tag=before_tag).digest)
    assert len(digests) == 1
    assert json.loads(candidate.image.config)["config"]["User"] == "65532"
