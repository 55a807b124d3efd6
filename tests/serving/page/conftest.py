"""A bundle whose names and categories are hostile, its verdict beside it, and a server of it in this process."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import uvicorn

from model.bundle.bundle import load
from model.bundle.features import CategoryFeature
from model.bundle.linear import CategoryTerm
from serving.app import create_app
from serving.log import ServerLog
from serving.model_info import model_info
from serving.protocol import bounded_protocol
from serving.runtime import Runtime
from serving.score import load_and_verify
from serving.server import listen, url_of
from serving.settings import ServerLimits
from tests.bundles import odd_names_design, write_bundle
from tests.verdicts import verdict_of

ATTACK = "window.attacked = true"
SCRIPT = f"</script><script>{ATTACK}</script>"
QUOTES = f'" onfocus="{ATTACK}" x=\'&amp;'  # XGBoost takes no "<" in the name of a feature
WARDS = (SCRIPT, f"<img src=x onerror='{ATTACK}'>", "</option></select><b>Ota", "Kita")
RENAMED = {"json": QUOTES, "class": "a & b > c"}


@pytest.fixture(scope="session")
def hostile_bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    bundle = write_bundle(folder / "bundle", _design())
    verdict_of(bundle, folder / "verdict.json")
    return bundle


def _design():
    """The design of odd names with hostile ones: two of its inputs, and every ward."""
    design = odd_names_design()
    wards = dict(zip(next(f for f in design.features if f.name == "json").categories, WARDS, strict=True))

    def value(name, cell):
        return wards.get(cell, cell) if name == "json" else cell

    features = tuple(
        feature.model_copy(
            update={
                "name": RENAMED.get(feature.name, feature.name),
                **({"categories": WARDS} if feature.name == "json" else {}),
            }
        )
        for feature in design.features
    )
    terms = tuple(
        term.model_copy(update={"feature": RENAMED[term.feature]}) if isinstance(term, CategoryTerm) else term
        for term in design.linear.terms
    )
    columns = {
        RENAMED.get(name, name): [value(name, cell) for cell in cells] if name == "json" else cells
        for name, cells in design.columns.items()
    }
    inputs = [{RENAMED.get(name, name): value(name, cell) for name, cell in row.items()} for row in design.inputs]
    linear = design.linear.model_copy(update={"terms": terms})
    return replace(design, features=features, columns=columns, inputs=inputs, linear=linear, label=design.label)


@pytest.fixture(scope="session")
def hostile(hostile_bundle):
    return load_and_verify(hostile_bundle)


@pytest.fixture(scope="session")
def info(hostile):
    return model_info(hostile, ServerLimits())


@pytest.fixture(scope="session")
def rows(hostile_bundle):
    return load(hostile_bundle).golden


@pytest.fixture(scope="session")
def number_input(info):
    return next(feature.name for feature in info.features if not isinstance(feature, CategoryFeature))


@contextlib.contextmanager
def serving(model) -> Iterator[str]:
    """The address of a server of this model, in a thread."""
    predictor = model.scorer.predictor
    runtime = Runtime.of(predictor.manifest, predictor.digest, ServerLimits(), ServerLog("text"))
    app, protocol = create_app(model, runtime), bounded_protocol(runtime)
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, http=protocol, ws="none", lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def address(hostile):
    with serving(hostile) as address:
        yield address
