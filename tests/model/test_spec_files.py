"""A spec that cannot be read, or not in a few lines, is refused; no message is Pydantic's."""

import re

import pydantic
import pytest
import yaml

from model.errors import SpecError
from model.spec.messages import problems_of
from model.spec.reader import read_spec
from model.spec.types import PARTS as MODELS
from model.spec.types import Spec
from tests.model.specs import GOOD, changed

TEXTS = [
    ("", "spec.yaml: holds no keys. Start from examples/rental_portal/spec.yaml"),
    ("- a", "spec.yaml: holds no keys. Start from examples/rental_portal/spec.yaml"),
    ("a: [", "spec.yaml: is not YAML (while parsing a flow node"),
    ("a: 2026-99-99", "spec.yaml: is not YAML (month must be in 1..12). Fix that line"),
    ("a: !!python/object:os.system {}", "spec.yaml: is not YAML (could not determine a constructor"),
]


@pytest.mark.parametrize(("text", "message"), TEXTS)
def test_a_file_that_is_no_spec_is_reported(problems, text, message):
    [problem] = problems(text)
    assert problem.startswith(message)


def test_every_key_that_stands_twice_is_reported(problems):
    messages = problems("model: a\nseed: 1\nmodel: b\nsplit: {by: time, by: random}")
    assert "key 'model': stands twice, the second at line 3. Keep the one that is meant" in messages
    assert "key 'by': stands twice, the second at line 4. Keep the one that is meant" in messages


def test_an_anchor_that_holds_itself_ends_in_a_refusal(problems):
    assert "model: is missing. Add `model:` to spec.yaml" in problems("a: &all [*all]")


def test_bytes_that_are_no_text_are_reported(tmp_path):
    (tmp_path / "spec.yaml").write_bytes(b"model: \xff")
    with pytest.raises(SpecError, match="is not YAML"):
        read_spec(tmp_path)


def test_a_folder_without_a_spec_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"spec\.yaml: is missing\. SPEC names a folder with spec\.yaml and its SQL"):
        read_spec(tmp_path / "none")


def test_a_query_that_is_not_there_is_named(read, problems, tmp_path):
    [problem] = problems(changed(("source.sql", "other.sql")))
    assert problem.startswith("source.sql: names 'other.sql', which cannot be read in")
    assert problem.endswith("Put the SQL file beside spec.yaml")


def test_a_query_that_is_no_text_is_reported(tmp_path):
    folder = tmp_path / "latin"
    folder.mkdir()
    (folder / "spec.yaml").write_text("model: a\nsource: {sql: training.sql}\n")
    (folder / "training.sql").write_bytes("SELECT 1 -- Stra\u00dfe".encode("latin-1"))
    with pytest.raises(SpecError, match=r"which is not UTF-8 .*Save it as UTF-8"):
        read_spec(folder)


BOMB = "\n".join(f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9 if n else ['x'] * 9)}]" for n in range(9))
HOSTILE = {
    "lists 100,000 deep": "a: " + "[" * 100_000,
    "keys 100,000 deep": "{a: " * 100_000,
    "nine aliases of nine aliases of …": BOMB + "\nmodel: *a8",
    "a number of 5,000 digits": "split: {test_days: " + "9" * 5_000 + "}",
    "a number of 10,000 hexadecimal digits": "split: {test_days: 0x"
    + "f" * 10_000
    + "}\nreject_budget: 0x"
    + "f" * 10_000,
    "10**400 as a bound": "reject: [{name: a, expression: b, min: 1" + "0" * 400 + "}]",
    "10**400 as a share": "reject_budget: 1" + "0" * 400,
}


@pytest.mark.case("a spec that no computer could mean")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_spec_is_refused_in_a_few_lines(problems, outcome, case):
    messages = problems(HOSTILE[case])
    outcome(messages[0])
    assert all(len(line) < 700 for line in messages)


VALUES_OF_ANY_KIND = [
    None, "", "x", "14d", -1, 0, 3, 1.5, float("nan"), float("inf"), 10**400, [], ["x"], {}, {"x": 1}, "2026-07-01",
    "5%",
]  # fmt: skip
PATHS = [
    "model", "source", "source.sql", "source.window_days", "source.end", "source.bigquery", "source.max_bytes_billed",
    "source.max_unpartitioned_bytes", "source.usd_per_tib", "source.team", "source.check_keys", "source.materialize",
    "source.materialize_days", "source.export", "source.export_above_bytes", "columns",
    "columns.label", "columns.outcomes", "columns.key", "features", "features.rent", "features.rent.kind",
    "features.rent.direction", "features.rent.leak_waiver", "reject", "reject.0", "reject.0.name",
    "reject.0.expression", "reject.0.min", "reject_budget", "copies_budget", "split", "split.by", "split.test_days",
    "split.seed", "split.group", "training", "training.engine", "training.trials", "training.minutes",
    "training.cpu_seconds", "training.folds", "training.scheduler",
    "training.keep_negatives", "promotion", "promotion.must_beat", "promotion.champion",
    "promotion.champion.confidence", "promotion.slices", "promotion.max_unseen", "promotion.min_conversions",
]  # fmt: skip
FOREIGN = re.compile(r"Input should|unable to parse|Field required|valid (integer|number|string|tuple|dict)|docs/spec")


@pytest.mark.case("any wrong value under any key of a spec")
def test_no_message_is_pydantics(outcome):
    lines = set()
    for path in PATHS:
        for value in VALUES_OF_ANY_KIND:
            try:
                Spec.model_validate(changed((path, value)))
            except pydantic.ValidationError as error:
                lines |= {str(problem) for problem in problems_of(error, Spec, MODELS)}
    outcome(f"{len(lines)} messages, none is Pydantic's")
    assert [line for line in sorted(lines) if FOREIGN.search(line)] == []
    assert len(lines) > 200


def test_every_switch_of_the_schema_can_be_written_in_a_file(read):
    schema = Spec.model_json_schema()
    assert {("training", "refit"), ("resources", "train", "spot")} <= {*switches(schema, schema, ())}
    for path in switches(schema, schema, ()):
        for value in (True, False):
            spec = changed((path[0], yaml.safe_load(GOOD).get(path[0], {})))
            inner = spec
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            if path[-1] == "statistic":
                inner["kind"] = "category"
            inner[path[-1]] = value
            assert read(spec)


def switches(schema, part, path):
    """The location of every key that is true or false; a key of the writer's own is "train"."""
    reference = part.get("$ref", "").rpartition("/")[2]
    part = schema["$defs"][reference] if reference else part
    if part.get("type") == "boolean":
        yield path
    for name, inner in part.get("properties", {}).items():
        yield from switches(schema, inner, (*path, name))
    if isinstance(part.get("additionalProperties"), dict):
        yield from switches(schema, part["additionalProperties"], (*path, "train"))
    for inner in part.get("anyOf", ()):
        yield from switches(schema, inner, path)
