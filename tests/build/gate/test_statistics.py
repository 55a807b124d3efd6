"""A bundle whose category has a statistic: it passes the gate, both engines agree on it, and a fault is noticed."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from build.gate.engines import first_difference
from build.gate.probe_rows import golden_rows, probe_rows
from model.booster import ubjson
from model.booster.trees import read_trees
from model.bundle.bundle import load
from model.bundle.contributions import Explainer
from model.bundle.features import CategoryFeature, StatisticFeature
from model.bundle.folder import MANIFEST, bundle_digest
from model.bundle.manifest import Trees
from model.bundle.predictor import Predictor
from model.files import dump_json
from model.kernel.kernel import Kernel
from model.kernel.layout import flatten
from model.kernel.library import load_library
from model.kernel.sources import kernel_sources
from serving.inputs import InputNumbers
from tests.build.gate.altered_kernel import altered, compiled
from tests.build.gate.test_engines import gate_of
from tests.build.gate.test_fields import ROOT
from tests.bundles import LAYOUTS, valid_design, write_bundle

RARE = tuple(f"R{number:02d}" for number in range(40))
FAULTS = {
    "a value's neighbour is read": (
        "inputs.c",
        "feature->first + (uint32_t)code",
        "feature->first + (uint32_t)code / 2",
    ),
    "a missing value is unknown": ("inputs.c", "return (float)feature->constant;", "return 0.0f;"),
    "rare values have codes of their own": ("inputs.c", "code > other ? other : code", "code"),
    "rare values are flagged": ("inputs.c", "(double)feature->known", "(double)feature->categories"),
}


@pytest.fixture(scope="module")
def bundle_folder(tmp_path_factory):
    design = valid_design(7)
    random = np.random.default_rng(11)
    layouts = [RARE[random.integers(len(RARE))] if name == "castle" else name for name in design.columns["layout"]]
    effect = {name: random.normal(0, 1.5) for name in RARE}
    label = [
        int(random.random() < 1 / (1 + np.exp(-effect[name]))) if name in effect else int(converted)
        for name, converted in zip(layouts, design.label, strict=True)
    ]
    values = (0.125, -0.25, 0.5, *(round(effect[name], 4) for name in RARE))
    features = (
        *(
            CategoryFeature(name="layout", categories=LAYOUTS, rare=RARE) if f.name == "layout" else f
            for f in design.features
        ),
        StatisticFeature(name="layout (statistic)", input="layout", prior=0.3, strength=10, missing=4.0, values=values),
    )
    rare = [{**design.inputs[row], "layout": name} for row, name in enumerate(RARE)]
    parameters = {**design.parameters, "max_depth": 6, "monotone_constraints": "(-1,0,0,-1,0)"}
    return write_bundle(
        tmp_path_factory.mktemp("statistic") / "bundle",
        replace(
            design, features=features, columns={**design.columns, "layout": layouts}, label=np.array(label),
            inputs=[*design.inputs, *rare], parameters=parameters,
            trees=Trees.of((12, 12)),
        ),
    )  # fmt: skip


def differences(bundle, kernel):
    reference = Predictor(bundle, engine="xgboost")
    rows = [golden_rows(bundle), *probe_rows(bundle.manifest, read_trees(ubjson.parse(bundle.booster)))]
    return [difference for probe in rows if (difference := first_difference(kernel, reference, probe.rows)) is not None]


def test_the_gate_and_both_engines_agree(bundle_folder):
    bundle = load(bundle_folder)
    assert bundle.manifest.format == 2
    assert gate_of(ROOT, bundle_folder) == []
    assert differences(bundle, Predictor(bundle, engine="kernel")) == []


@pytest.mark.parametrize("changed", ["values", "missing", "rare"])
def test_a_table_that_somebody_changed_is_refused_and_has_another_digest(changed, bundle_folder, tmp_path):
    shutil.copytree(bundle_folder, tmp_path / "bundle")
    manifest = json.loads((tmp_path / "bundle" / MANIFEST).read_text())
    of_layout = {"values": "layout (statistic)", "missing": "layout (statistic)", "rare": "layout"}[changed]
    [feature] = [feature for feature in manifest["features"] if feature["name"] == of_layout]
    if changed == "missing":
        feature["missing"] = -4.0
    else:
        feature[changed].reverse()
    (tmp_path / "bundle" / MANIFEST).write_bytes(dump_json(manifest))
    assert bundle_digest(tmp_path / "bundle") != bundle_digest(bundle_folder)
    assert "golden-answer" in {problem["code"] for problem in gate_of(ROOT, tmp_path / "bundle")}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_noticed(fault, bundle_folder, tmp_path):
    bundle = load(bundle_folder)
    predictor = Predictor(bundle, engine="kernel")
    library = compiled(altered(FAULTS[fault]), tmp_path / "library", claims=kernel_sources())
    predictor.kernel = Kernel(load_library(library), flatten(bundle.manifest, read_trees(ubjson.parse(bundle.booster))))
    assert differences(bundle, predictor)


def test_what_the_server_reads_gives_the_matrix_of_evaluation(bundle_folder):
    bundle = load(bundle_folder)
    predictor = Predictor(bundle, engine="kernel")
    rows = [row.input for row in bundle.golden]
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    numbers = InputNumbers(bundle.manifest.inputs).of_columns(columns)
    assert numbers is not None
    _, probability, flags = predictor.kernel.score_values(numbers)
    assert probability.tolist() == predictor.probability(predictor.encode(columns)).tolist()
    unknown = [value == "castle" for value in columns["layout"]]
    assert flags[:, [f.name for f in bundle.manifest.inputs].index("layout")].tolist() == unknown


def test_its_contribution_is_counted_with_its_category(bundle_folder):
    bundle = load(bundle_folder)
    for engine in ("kernel", "xgboost"):
        predictor = Predictor(bundle, engine=engine)
        row = {name: [value] for name, value in bundle.golden[-1].input.items()}
        explained = Explainer(predictor).explain(predictor.encode(row))
        assert set(explained.by_feature) == {"rent", "area_m2", "layout", "position"}
        assert explained.base + sum(explained.by_feature.values()) + explained.rounding == explained.margin
