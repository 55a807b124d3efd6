"""The gate proves the kernel against XGBoost: a planted fault, another library or none is a refusal."""

import json
import os
import subprocess
import sys

import pytest

from build.gate.engines import first_difference
from build.gate.gate import DEFAULT
from build.gate.probe_rows import golden_rows, probe_rows
from model.booster import ubjson
from model.booster.trees import read_trees
from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from model.kernel.kernel import Kernel
from model.kernel.layout import flatten
from model.kernel.library import load_library
from model.kernel.sources import kernel_sources
from tests.build.gate.altered_kernel import altered, checkout, compiled

FAULTS = {
    "a value at a threshold goes left": [("parts.h", "threshold[i] <= v", "threshold[i] < v")],
    "missing values of single rows go the other way": [("columns.c", "? column->count : 0", "? 0 : column->count")],
    "single rows are summed in float64": [("walk.c", "float sum = 0.0f;", "double sum = 0.0;")],
    "rows that come in blocks lose their leaves": [("block.h", "sum[k] += leaf[", "sum[k] -= leaf[")],
    "the calibration forgets a constant": [("calibration.c", "model->c", "0.0 * model->c")],
    "an end of the range counts as outside": [("inputs.c", "> feature->maximum", ">= feature->maximum")],
}


@pytest.fixture(scope="module")
def both(valid_bundle):
    """The bundle, its predictors by the kernel and by XGBoost, and all rows of the gate."""
    bundle = load(valid_bundle)
    rows = [golden_rows(bundle), *probe_rows(bundle.manifest, read_trees(ubjson.parse(bundle.booster)))]
    return bundle, Predictor(bundle, engine="kernel"), Predictor(bundle, engine="xgboost"), rows


def differences(both, library):
    """Between XGBoost and the kernel of a library, by kind of rows."""
    bundle, _, reference, rows = both
    predictor = Predictor(bundle, engine="kernel")
    predictor.kernel = Kernel(load_library(library), flatten(bundle.manifest, read_trees(ubjson.parse(bundle.booster))))
    compared = {probe.kind: first_difference(predictor, reference, probe.rows) for probe in rows}
    return {kind: difference for kind, difference in compared.items() if difference is not None}


def test_a_sound_library_of_any_compiler_gives_the_same_bits(both, tmp_path):
    assert differences(both, compiled(kernel_sources(), tmp_path / "library", "-O3")) == {}


@pytest.mark.case("a kernel with a fault that few rows show")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_kernel_is_noticed(fault, both, tmp_path, outcome):
    library = compiled(altered(*FAULTS[fault]), tmp_path / "library", claims=kernel_sources())
    different = differences(both, library)
    assert different
    outcome(next(f"{kind} {difference}" for kind, difference in different.items()))


def test_the_rows_are_the_same_for_the_same_bundle(both):
    bundle, _, _, rows = both
    again = [golden_rows(bundle), *probe_rows(bundle.manifest, read_trees(ubjson.parse(bundle.booster)))]
    assert [probe.rows.tobytes() for probe in again] == [probe.rows.tobytes() for probe in rows]


def gate_of(folder, bundle):
    """The problems that the gate of this checkout reports."""
    command = [sys.executable, "-m", "build.gate.worker", str(os.getpid()), str(DEFAULT.memory), str(bundle)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    *problems, last = map(json.loads, done.stdout.splitlines())
    assert "digest" in last, done.stderr
    return problems


@pytest.mark.case("a bundle at the gate of a checkout whose kernel is faulty, refuses the model, or is missing")
@pytest.mark.parametrize(
    ("alterations", "with_library", "codes"),
    [
        (FAULTS["a value at a threshold goes left"], True, {"kernel-differs"}),
        (
            [("check.c", "result = KMD_VALID;", "result = KMD_BAD_TREE; if (m) return 6;")],
            True,
            {"kernel-refused"},
        ),
        ([("parts.h", "\n#endif", "\n/* Other sources. */\n#endif")], False, {"kernel-missing"}),
    ],
    ids=["faulty", "refuses", "missing"],
)
def test_a_bundle_that_the_kernel_does_not_prove_is_refused(
    alterations, with_library, codes, valid_bundle, tmp_path, outcome
):
    folder = checkout(tmp_path / "checkout", altered(*alterations), with_library=with_library)
    problems = gate_of(folder, valid_bundle)
    assert {problem["code"] for problem in problems} == codes
    assert all(problem["where"] and problem["problem"] and problem["hint"] for problem in problems)
    outcome(problems[0]["problem"][:120])
