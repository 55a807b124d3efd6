"""The cells of the notebook run in order in a Python process, on a finished run."""

import json
import subprocess
import sys

import pytest

from model.bundle.bundle import load
from pipelines.compile import ROOT
from tests.pipelines.test_run import first, small  # noqa: F401 - fixtures

NOTEBOOK = ROOT / "examples" / "read_a_run.ipynb"


def cells():
    """(tags, source) of every code cell."""
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [(cell["metadata"].get("tags", []), "".join(cell["source"])) for cell in code]


@pytest.fixture(scope="module")
def printed(first):  # noqa: F811 - a fixture
    """What the cells print. As with papermill, `RUN` is set after the cell that is tagged as parameters."""
    code = "\n".join(
        f"{source}\nRUN = Path({str(first.out)!r})" if "parameters" in tags else source for tags, source in cells()
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=NOTEBOOK.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_prints_verdict_metrics_bundle_and_predictions(printed, first):  # noqa: F811 - a fixture
    bundle = load(first.out / "bundle")
    assert printed.startswith(f"promote for bundle {bundle.digest}\n")
    assert "log_loss_saving_over_logistic " in printed
    assert f"rent-conversion {bundle.digest}" in printed
    assert f"{len(bundle.golden)} golden rows, largest difference 0.0" in printed
    assert printed.count("rent = ") == 5


def test_it_is_stored_without_outputs():
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"] == [[]] * len(cells())
