"""Bulk scoring: the scores are the predictor's, the faults of the files are all reported, nothing is half written."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.score.score import score
from model.bundle.bundle import load, write
from model.bundle.features import CategoryFeature
from model.bundle.predictor import Predictor
from model.errors import BundleError, DataError
from tests.bundles import LAYOUTS
from tests.kamado import kamado
from tests.runs import quiet

ROWS = 300


def table(rows=ROWS, *, seed=1, start=0):
    """The inputs of the valid bundle, an id, and a column that the model does not read."""
    random = np.random.default_rng(seed)
    layouts = [*LAYOUTS, "castle", None]
    return pa.table(
        {
            "listing_id": np.arange(start, start + rows),
            "rent": pa.array(random.uniform(5_000, 1e6, rows), from_pandas=True, mask=random.random(rows) < 0.1),
            "area_m2": random.uniform(1, 100, rows),
            "layout": pa.array([layouts[code] for code in random.integers(0, len(layouts), rows)]),
            "note": ["unread"] * rows,
        }
    )


def written(folder: Path, *tables: pa.Table) -> Path:
    folder.mkdir(exist_ok=True)
    for index, rows in enumerate(tables):
        pq.write_table(rows, folder / f"part-{index}.parquet", row_group_size=100)
    return folder


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def expected(bundle: Path, rows: pa.Table) -> np.ndarray:
    """What evaluation's own path answers."""
    predictor = Predictor(load(bundle))
    columns = {feature.name: rows[feature.name].to_pylist() for feature in predictor.manifest.inputs}
    return predictor.probability(predictor.encode(columns))


def scores(bundle: Path, data: Path, tmp_path: Path, *ids: str) -> pa.Table:
    score(bundle, data, tmp_path / "scores.parquet", ids=ids, progress=quiet)
    return pq.read_table(tmp_path / "scores.parquet")


def problems(bundle: Path, data: Path, tmp_path: Path, *ids: str) -> list[str]:
    """Codes and columns, in order; nothing was written."""
    with pytest.raises(DataError) as refusal:
        score(bundle, data, tmp_path / "scores.parquet", ids=ids, progress=quiet)
    assert not list(tmp_path.glob("*scores*"))
    return [f"{problem.code} {problem.where.split()[-1]}" for problem in refusal.value.problems]


def test_every_row_gets_the_predictors_probability_beside_its_ids(valid_bundle, tmp_path):
    first, second = table(), table(50, seed=2, start=ROWS)
    data = written(tmp_path / "rows", first, second)
    out = tmp_path / "scores.parquet"
    score(valid_bundle, data, out, ids=["listing_id", "note"], progress=quiet, batch_rows=64)
    answer = pq.read_table(out)
    assert answer.column_names == ["listing_id", "note", "probability"]
    assert answer["listing_id"].to_pylist() == list(range(ROWS + 50))
    both = pa.concat_tables([first, second])
    assert answer["probability"].to_numpy().tobytes() == expected(valid_bundle, both).tobytes()
    assert answer.schema.metadata[b"kamado.bundle"].decode() == load(valid_bundle).digest


def test_both_engines_write_the_same_bytes(valid_bundle, tmp_path):
    data, out = written(tmp_path / "rows", table()), tmp_path / "scores.parquet"
    files = []
    for engine in ("kernel", "xgboost"):
        assert score(valid_bundle, data, out, ids=["listing_id"], progress=quiet, engine=engine).engine == engine
        files.append(out.read_bytes())
    assert files[0] == files[1]


def test_a_value_is_the_same_in_every_type_that_can_hold_it(valid_bundle, tmp_path):
    """Layouts that are numbers come as texts or integers; dictionaries change from row group to row group."""
    plain = table().set_column(1, "rent", pa.array(np.arange(ROWS) * 1000.0))
    answer = scores(valid_bundle, written(tmp_path / "plain", plain), tmp_path)
    small = pa.dictionary(pa.int8(), pa.string())
    for rent, layout in (
        (pa.int64(), small),
        (pa.float32(), pa.large_string()),
        (pa.decimal128(12, 2), pa.string_view()),
        (pa.dictionary(pa.int32(), pa.float64()), pa.dictionary(pa.uint16(), pa.large_string())),
    ):
        rents = plain["rent"].cast(rent) if not pa.types.is_dictionary(rent) else plain["rent"].dictionary_encode()
        layouts = plain["layout"]
        layouts = layouts.dictionary_encode().cast(layout) if pa.types.is_dictionary(layout) else layouts.cast(layout)
        other = plain.set_column(1, "rent", rents).set_column(3, "layout", layouts)
        assert scores(valid_bundle, written(tmp_path / "other", other), tmp_path) == answer, (rent, layout)


def test_integers_and_booleans_are_categories_as_training_writes_them(valid_bundle, tmp_path):
    for values, layout in (
        (pa.array([1, 2, None]), ["1", "2", None]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.nulls(3), [None, None, None]),
    ):
        rows = table(3)
        answer = scores(valid_bundle, written(tmp_path / "rows", rows.set_column(3, "layout", values)), tmp_path)
        texts = rows.set_column(3, "layout", pa.array(layout, pa.string()))
        assert answer["probability"].to_numpy().tobytes() == expected(valid_bundle, texts).tobytes()


def test_what_training_did_not_see_is_counted_by_column(valid_bundle, tmp_path):
    rows = table()
    data = written(tmp_path / "rows", rows)
    flags = score(valid_bundle, data, tmp_path / "scores.parquet", ids=(), progress=quiet).flags
    layout = rows["layout"].to_pylist()
    assert flags.unknown_categories == {"layout": layout.count("castle")}
    manifest = load(valid_bundle).manifest
    for feature in manifest.inputs:
        if not isinstance(feature, CategoryFeature):
            values = np.asarray(rows[feature.name].to_numpy(), np.float64)
            outside = int(np.sum((values < feature.minimum) | (values > feature.maximum)))
            assert flags.outside_range[feature.name] == outside > 0
    columns = {name: np.asarray(rows[name].to_numpy(), np.float64) for name in ("rent", "area_m2")}
    (rule,) = manifest.bounds
    assert flags.outside_bounds == {rule.name: int(rule.outside(columns).sum())}


@pytest.mark.parametrize("policy", ["other", "missing", "refuse"])
def test_an_unknown_category_is_scored_or_refused_as_the_bundle_says(policy, valid_bundle, tmp_path):
    bundle = load(valid_bundle)
    features = tuple(
        feature.model_copy(update={"unknown": policy}) if isinstance(feature, CategoryFeature) else feature
        for feature in bundle.manifest.features
    )
    manifest = bundle.manifest.model_copy(update={"features": features})
    write(tmp_path / "bundle", manifest, bundle.booster, golden_of(manifest, bundle))
    rows = table()
    data = written(tmp_path / "rows", rows)
    if policy == "refuse":
        assert problems(tmp_path / "bundle", data, tmp_path) == ["score-category-unknown layout"]
    else:
        answer = scores(tmp_path / "bundle", data, tmp_path)["probability"].to_numpy()
        assert answer.tobytes() == expected(tmp_path / "bundle", rows).tobytes()


def golden_of(manifest, bundle):
    """The golden rows with what this manifest computes for them."""
    predictor = Predictor(dataclasses.replace(bundle, manifest=manifest))
    columns = {name: [row.input[name] for row in bundle.golden] for name in bundle.golden[0].input}
    answers = predictor.probability(predictor.encode(columns)).tolist()
    rows = zip(bundle.golden, answers, strict=True)
    return tuple(row.model_copy(update={"probability": answer}) for row, answer in rows)


@pytest.mark.case("a bundle whose golden rows come out differently")
def test_a_bundle_that_this_machine_does_not_reproduce_scores_nothing(valid_bundle, tmp_path, outcome):
    loaded = load(valid_bundle)
    first = loaded.golden[0]
    moved = first.model_copy(update={"probability": float(np.nextafter(first.probability, 1))})
    write(tmp_path / "other", loaded.manifest, loaded.booster, (moved, *loaded.golden[1:]))
    with pytest.raises(BundleError) as refusal:
        scores(tmp_path / "other", written(tmp_path / "rows", table(3)), tmp_path)
    assert [problem.code for problem in refusal.value.problems] == ["golden-differs"]
    outcome(refusal.value.problems[0])


@pytest.mark.case("files to score with faults in several columns of several files")
def test_every_fault_of_every_file_is_reported_at_once(valid_bundle, tmp_path, outcome):
    good = table(10)
    data = written(
        tmp_path / "rows",
        good,
        good.drop_columns(["rent"]).set_column(1, "area_m2", pa.array(["12"] * 10)),
        good.set_column(3, "layout", pa.array([1.0] * 10)).set_column(0, "listing_id", pa.array(["a"] * 10)),
        good.append_column("rent", good["rent"]),
    )
    (data / "part-4.parquet").write_text("not Parquet")
    reported = problems(valid_bundle, data, tmp_path, "listing_id", "list_id", "probability")
    assert sorted(reported) == sorted(
        [
            "score-not-parquet " + str(data / "part-4.parquet"),
            "score-column-missing rent",
            "score-column-type area_m2",
            "score-column-type layout",
            "score-column-twice rent",
            "score-id-type listing_id",
            "score-id-name probability",
            *["score-column-missing list_id", "score-column-missing probability"] * 4,
        ]
    )
    outcome(f"{len(reported)} problems")


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda folder: folder / "absent", "score-data-missing"),
        (lambda folder: written(folder / "none"), "score-data-missing"),
        (lambda folder: written(folder / "rows", table(0), table(0)), "score-empty"),
        (lambda folder: pipe(folder / "pipe.parquet"), "score-data-missing"),
    ],
)
def test_nothing_to_score_is_a_refusal(valid_bundle, tmp_path, make, code):
    data = make(tmp_path)
    assert problems(valid_bundle, data, tmp_path) == [f"{code} {data}"]


@pytest.mark.case("a pipe among the files to score, which has no writer")
def test_a_pipe_among_the_files_is_not_waited_for(valid_bundle, tmp_path, outcome):
    data = written(tmp_path / "rows", table(3))
    path = pipe(data / "pipe.parquet")
    assert problems(valid_bundle, data, tmp_path) == [f"score-data-kind {path}"]
    outcome("score-data-kind")


@pytest.mark.case("categories that are not UTF-8")
def test_a_text_that_is_not_utf_8_is_an_unknown_category(valid_bundle, tmp_path, outcome):
    broken = pa.array([b"\xff\xfe", b"1K", None] * 2)
    texts = pa.Array.from_buffers(pa.string(), len(broken), broken.buffers())
    rows = table(6)
    data = written(tmp_path / "rows", rows.set_column(3, "layout", texts))
    as_unknown = rows.set_column(3, "layout", pa.array(["castle", "1K", None] * 2))
    answer = scores(valid_bundle, data, tmp_path)["probability"].to_numpy()
    assert answer.tobytes() == expected(valid_bundle, as_unknown).tobytes()
    outcome("scored as unknown")


@pytest.mark.case("a file to score that is damaged behind its first rows")
def test_a_file_that_is_damaged_inside_leaves_the_earlier_scores(valid_bundle, tmp_path, outcome):
    data, out = written(tmp_path / "rows", table(5_000)), tmp_path / "scores.parquet"
    out.write_text("earlier scores")
    path = data / "part-0.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    path.write_bytes(content)
    with pytest.raises(DataError) as refusal:
        score(valid_bundle, data, out, ids=(), progress=quiet)
    assert [problem.code for problem in refusal.value.problems] == ["score-damaged"]
    assert (out.read_text(), sorted(tmp_path.iterdir())) == ("earlier scores", [data, out])
    outcome(str(refusal.value.problems[0])[:80])


def test_an_interrupt_leaves_the_earlier_scores(valid_bundle, tmp_path):
    data, out = written(tmp_path / "rows", table()), tmp_path / "scores.parquet"
    out.write_text("earlier scores")

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score(valid_bundle, data, out, ids=(), progress=interrupt)
    assert (out.read_text(), sorted(tmp_path.iterdir())) == ("earlier scores", [data, out])


def test_scores_are_never_written_among_the_rows(valid_bundle, tmp_path):
    data = written(tmp_path / "rows", table(3))
    for source, out, code in (
        (data, data / "scores.parquet", "score-out-in-data"),
        (data / "part-0.parquet", data / "part-0.parquet", "score-out-in-data"),
        (data, tmp_path, "score-out-folder"),
        (data, pipe(tmp_path / "pipe"), "score-out-kind"),
    ):
        with pytest.raises(DataError) as refusal:
            score(valid_bundle, source, out, ids=(), progress=quiet)
        assert [problem.code for problem in refusal.value.problems] == [code]
    assert [path.name for path in data.iterdir()] == ["part-0.parquet"]


def test_the_verb_scores_and_answers_json(valid_bundle, tmp_path):
    data, out = written(tmp_path / "rows", table()), tmp_path / "new folder" / "scores.parquet"
    answer = kamado(
        *("score", "--data", data, "--ids", "listing_id", "--out", out, "--json"),
        environ={"KAMADO_BUNDLE": str(valid_bundle)},
    )
    summary = json.loads(answer.out)
    assert (answer.code, summary["outcome"], summary["rows"], summary["files"]) == (0, "finished", ROWS, 1)
    assert summary["bundle"] == load(valid_bundle).digest
    assert (summary["engine"], summary["engine_reason"]) == ("kernel", None)
    assert set(summary["flags"]) == {"unknown_categories", "outside_range", "outside_bounds"}
    assert pq.read_table(out).num_rows == ROWS


def test_the_verb_refuses_an_empty_name(valid_bundle, tmp_path):
    answer = kamado("score", "--data", tmp_path, "--bundle", valid_bundle, "--ids", "a,,b", "--json")
    assert [problem["code"] for problem in json.loads(answer.out)["problems"]] == ["argument-value"]
