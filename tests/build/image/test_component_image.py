"""The image of the steps: what is in it, and its way into a registry."""

import ast
import http.server
import json
import os
import re
import sys
from pathlib import Path

import pytest

from build.image.base.source_layer import ROOT
from build.image.base_images.component_image import component_image as build_and_push
from build.image.base_images.component_image import push
from build.oci.image import digest_of
from build.oci.open_store import open_store
from build.oci.registry_session import RegistryError
from cli.main import main
from tests.build.oci.registry_stores import fetch
from tests.services.http import serving
from tests.services.registry import registry

OURS = ("model", "artifacts", "components", "pipelines", "build", "serving", "cli")
MOST_BYTES = 900_000_000
# What only developers or other images need. kfp brings its own kubernetes, click and the rest.
LEFT_OUT = ("pytest", "mypy", "moto", "flask", "sklearn", "fastapi", "google.cloud.aiplatform", "kfp.kubernetes")


def wrappers():
    return sorted(ROOT.glob("components/*/component.py"))


def modules_of(start: list[Path]) -> set[str]:
    """Every module that these files import, ours followed into their own imports, wherever in a file it is."""
    files, seen, foreign = list(start), set(), set()
    while files:
        path = files.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imported(path):
            if name.split(".")[0] in OURS:
                files += [file for file in source_of(name) if file.is_file()]
            elif name.split(".")[0] not in sys.stdlib_module_names:
                foreign.add(name)
    ours = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in seen if path.name != "__init__.py"}
    return foreign | ours


def imported(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module.split(".")[0] in OURS)


def source_of(module: str):
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py"), path / "__init__.py"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A registry."""
    with registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


def python(client, image, code):
    """What it prints in a container without a network and with nothing to write to but /tmp."""
    output = client.containers.run(
        image, ["python3", "-c", code], remove=True, network_mode="none", read_only=True, tmpfs={"/tmp": ""}
    )
    return output.decode().strip()


def test_every_module_that_a_step_imports_can_be_imported_in_it(engine_client, component_image):
    names = modules_of(wrappers())
    assert {"components.train.train", "build.image.build", "duckdb", "xgboost", "google.cloud.bigquery"} <= names
    code = (
        "import importlib, sys\nfailed = []\n"
        f"for name in {sorted(names)}:\n"
        "    try: importlib.import_module(name)\n"
        "    except Exception as error: failed.append(f'{name}: {error}')\n"
        "print(failed)"
    )
    assert python(engine_client, component_image, code) == "[]"


def test_every_module_that_a_step_imports_is_compiled_in_it(engine_client, component_image):
    """Every step is a new process, and would compile them again. By content (flag 1): times are not kept."""
    code = (
        "import importlib, importlib.util, os, sys\n"
        f"for name in {sorted(modules_of(wrappers()))}: importlib.import_module(name)\n"
        "files = [getattr(module, '__file__', None) or '' for module in sys.modules.values()]\n"
        "files = [file for file in files if file.endswith('.py')]\n"
        "def compiled(path): return os.path.exists(path) and open(path, 'rb').read(8)[4] == 1\n"
        "print([file for file in files if not compiled(importlib.util.cache_from_source(file))])"
    )
    assert python(engine_client, component_image, code) == "[]"


def test_it_has_nothing_that_no_step_imports(engine_client, component_image):
    code = (
        "import importlib.util as u\n"
        "def has(name):\n"
        "    try: return u.find_spec(name) is not None\n"
        "    except ModuleNotFoundError: return False\n"
        f"print([name for name in {LEFT_OUT} if has(name)])"
    )
    assert python(engine_client, component_image, code) == "[]"


def test_it_stays_small(engine_client, component_image):
    size = sum(layer["Size"] for layer in engine_client.images.get(component_image).history())
    print(f"image of the steps, uncompressed: {size / 1e6:.0f} MB")
    assert size <= MOST_BYTES


@pytest.mark.usefixtures("component_image")  # whose layers are the engine's by now
def test_it_is_named_by_its_digest_in_the_registry_on_the_last_line(engine_address, host, monkeypatch, capsys):
    monkeypatch.setenv("DOCKER_HOST", engine_address)
    assert main(["component-image", "--to", f"registry://{host}/kamado"], os.environ) == 0
    *_, outcome, reference = capsys.readouterr().out.strip().splitlines()
    tag = re.fullmatch(r"written, tag (component-[0-9a-f]{12})", outcome)[1]
    manifest, config, _ = fetch(host, "kamado", tag)
    assert reference == f"{host}/kamado@{digest_of(manifest)}"
    assert json.loads(config)["config"]["User"] == "65532"


def test_the_same_content_is_pushed_once(engine_client, python_base, host, tmp_path):
    store = open_store(f"registry://{host}/small", cache=tmp_path)
    first, second = (push(engine_client, python_base, store, report=print) for _ in range(2))
    assert (first.outcome, second.outcome) == ("written", "unchanged")
    assert (first.reference, first.tag) == (second.reference, second.tag)


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("", "Name a registry"),
        ("oci:images", "is a folder of this machine, from which no cluster pulls"),
        ("registry://127.0.0.1:5000/kamado:latest", "does not name an image store"),
    ],
)
def test_where_no_cluster_pulls_from_is_refused_before_anything_is_built(tmp_path, to, message, capsys):
    nothing_listens = {"DOCKER_HOST": f"unix://{tmp_path}/none", "KAMADO_CACHE": str(tmp_path)}
    assert main(["component-image", "--to", to], nothing_listens) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


class NoEntry(http.server.BaseHTTPRequestHandler):
    """A registry that lets nobody in."""

    def do_GET(self):
        self.send_error(403)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


@pytest.mark.case("a registry for the image of the steps that lets nobody in")
def test_a_registry_is_asked_before_anything_is_built(tmp_path, outcome):
    reports = []
    with serving(NoEntry) as host, pytest.raises(RegistryError) as refusal:
        build_and_push(f"registry://{host}/steps", None, {}, cache=tmp_path, commit=None, report=reports.append)
    assert reports == []
    outcome(refusal.value)
