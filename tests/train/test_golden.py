"""Golden rows of models with many inputs."""

from components.train.golden import MOST_SINGLES, UNSEEN, edge_rows
from model.bundle.bundle import load
from model.bundle.features import CategoryFeature, NumberFeature
from tests.runs import small_run


def test_the_edges_of_many_inputs_share_rows_so_that_the_file_stays_in_proportion(tmp_path):
    manifest = load(small_run(tmp_path) / "trained" / "bundle").manifest
    numbers = tuple(NumberFeature(name=f"number {index}", minimum=0.0, maximum=2.0) for index in range(1_500))
    layout = next(feature for feature in manifest.features if isinstance(feature, CategoryFeature))
    texts = tuple(layout.model_copy(update={"name": f"text {index}"}) for index in range(300))
    base = {feature.name: 1.0 for feature in numbers} | {feature.name: "1K" for feature in texts}
    rows = edge_rows(manifest.model_copy(update={"features": (*numbers, *texts), "position": None}), base)
    some_missing = [row for row in rows if None in row.values() and set(row.values()) != {None}]
    assert len(rows) <= 2 * MOST_SINGLES + 20
    assert {name for row in some_missing for name, value in row.items() if value is None} == set(base)
    assert {name for row in rows for name, value in row.items() if value == UNSEEN} == {text.name for text in texts}


def test_each_of_a_few_inputs_is_missing_alone(tmp_path):
    bundle = load(small_run(tmp_path) / "trained" / "bundle")
    usual = bundle.golden[0].input
    alone = [row.input for row in bundle.golden if row.input != usual]
    assert all({**usual, name: None} in alone for name, value in usual.items() if value is not None)
