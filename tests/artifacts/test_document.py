"""A document is read as it was written, or refused with every problem at once."""

import json
import re
from pathlib import Path

import pytest

from artifacts.document import Document
from artifacts.schemas import documents
from artifacts.split import SplitSummary
from artifacts.training import BestTrial, SearchBudget, TrainingReport, Trial
from model.errors import DataError
from tests.build_image.runs import IMAGE, METRICS, failed, verdict

REPORT = TrainingReport(
    stopped_by="trials",
    budget=SearchBudget(trials=1, minutes=2.5),
    best=BestTrial(start="trees", rounds=3, log_loss=0.25, parameters={"eta": 0.1, "max_depth": 5}),
    trials=(Trial(number=0, state="complete", log_loss=0.25, rounds=3, parameters={"start": "trees", "eta": 0.1}),),
)


def problems(**changes):
    """Of the report with some keys replaced, or removed where the value is `...`."""
    document = {**json.loads(REPORT.dump()), **changes}
    data = json.dumps({name: value for name, value in document.items() if value is not ...}).encode()
    with pytest.raises(DataError) as refusal:
        TrainingReport.parse(data, name="training.json")
    return refusal.value.problems


def test_it_is_read_as_it_was_written(tmp_path):
    REPORT.write(tmp_path)
    assert (tmp_path / "training.json").read_bytes() == REPORT.dump()
    assert TrainingReport.read(tmp_path) == REPORT
    assert isinstance(TrainingReport.read(tmp_path).best.parameters["max_depth"], int)


def test_a_preview_begins_with_what_people_look_for(tmp_path):
    image, decided = (json.loads(document.dump()) for document in (IMAGE, verdict("hold", failed("size", "Big."))))
    assert list(image)[:4] == ["format", "reference", "tag", "digest"]
    assert list(decided)[:3] == ["format", "verdict", "reasons"]
    assert IMAGE.digest in IMAGE.dump()[:256].decode()


def test_mappings_are_sorted_and_undeclared_fields_come_first():
    assert list(json.loads(IMAGE.dump())["labels"]) == ["a", "z"]
    first, *_, last = json.loads(METRICS.dump())
    assert (first, last) == ("auc", "format")


def test_every_problem_is_named_at_once():
    first, second, third = problems(stopped_by="luck", trials=..., surprise=1)
    assert (first.where, first.code) == ("training.json stopped_by", "artifact-invalid")
    assert first.problem == "Input should be 'trials', 'no_gain', 'minutes' or 'cpu_seconds', found 'luck'"
    assert (second.where, second.problem) == ("training.json trials", "Field required")
    assert third.where == "training.json surprise"
    assert "Write it again with the step of this version of Kamado: train" in third.hint


def test_a_text_is_not_a_number():
    (problem,) = problems(budget={"trials": "1", "minutes": 2.5})
    assert problem.where == "training.json budget.trials"


@pytest.mark.parametrize(
    ("number", "message"), [(2, "is 2, not 1"), ("1", "is '1', not 1"), (True, "is True, not 1"), (..., "is missing")]
)
def test_another_format_is_refused_before_its_fields(number, message):
    (problem,) = problems(format=number, surprise=1)
    assert (problem.where, problem.problem, problem.code) == ("training.json format", message, "artifact-format")


@pytest.mark.parametrize("data", [b"", b"{", b'{"format": 1, "format": 1}', b'{"format": NaN}', b"\xff"])
def test_what_is_not_json_is_refused(data):
    with pytest.raises(DataError) as refusal:
        SplitSummary.parse(data, name="split.json")
    assert [problem.code for problem in refusal.value.problems] == ["file-not-json"]


def test_a_list_is_refused():
    with pytest.raises(DataError, match=r"split.json format: is missing, because the file is not an object"):
        SplitSummary.parse(b"[]", name="split.json")


def test_a_missing_file_names_the_step_that_writes_it(tmp_path):
    with pytest.raises(DataError, match=r"split.json: is missing. Run the step that writes it: preprocess"):
        SplitSummary.read(tmp_path)


@pytest.mark.parametrize("kind", documents(), ids=lambda kind: kind.__name__)
def test_every_document_has_a_file_a_step_and_a_format(kind: type[Document]):
    assert kind.FILE.endswith(".json")
    assert kind.STEP
    assert kind.model_fields["format"].default >= 1


def test_the_readme_lists_every_document():
    page = (Path(__file__).resolve().parents[2] / "artifacts" / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| \[`(.+)`\]\(.+\) \| `(.+)` \| (.+) \|$", page, re.MULTILINE)
    classes = [(kind.FILE, f"{kind.__module__.split('.')[1]}.{kind.__name__}", kind.STEP) for kind in documents()]
    assert listed == classes
