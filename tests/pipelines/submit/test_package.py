"""A compiled pipeline before it leaves: its parameters, and the name of its version."""

import pytest
import yaml

from model.errors import UsageError
from pipelines.submit.package import CompiledPipeline
from tests.contracts.pipeline_service import COMMIT, codes

INPUTS = {
    "text": {"parameterType": "STRING"},
    "number": {"parameterType": "NUMBER_INTEGER", "defaultValue": 3},
    "share": {"parameterType": "NUMBER_DOUBLE", "isOptional": True},
    "flag": {"parameterType": "BOOLEAN", "defaultValue": False},
    "items": {"parameterType": "LIST", "isOptional": True},
}
PIPELINE = CompiledPipeline(
    yaml.safe_dump({"pipelineInfo": {"name": "kamado-x"}, "root": {"inputDefinitions": {"parameters": INPUTS}}})
)


def test_texts_become_values_of_the_declared_types():
    texts = {"text": "1", "number": "-2", "share": "1e-3", "flag": "true"}
    assert PIPELINE.values(texts) == {"text": "1", "number": -2, "share": 0.001, "flag": True}
    assert PIPELINE.values({"text": ""}) == {"text": ""}


@pytest.mark.case("parameters of a run that the pipeline does not take")
def test_every_wrong_parameter_is_reported_at_once(outcome):
    texts = {"nope": "1", "number": "1.5", "share": "nan", "flag": "yes", "items": "[]"}
    with pytest.raises(UsageError) as error:
        PIPELINE.values(texts)
    assert codes(error) == ["parameter-unknown", *["parameter-type"] * 4, "parameter-missing"]
    outcome(error.value)


def test_a_version_is_named_by_the_commit():
    package = PIPELINE.package("x", COMMIT, allow_dirty=False)
    assert (package.pipeline, package.version, package.tags["commit"]) == ("kamado-x", COMMIT[:12], COMMIT)
    assert PIPELINE.package("x", COMMIT, allow_dirty=True).version == COMMIT[:12]


@pytest.mark.parametrize("commit", [f"{COMMIT}-dirty", None])
def test_what_is_in_no_commit_is_refused_or_marked(commit):
    with pytest.raises(UsageError) as error:
        PIPELINE.package("x", commit, allow_dirty=False)
    assert codes(error) == ["commit-dirty"]
    marked = PIPELINE.package("x", commit, allow_dirty=True).version
    assert marked.startswith(f"{COMMIT[:12] if commit else 'unknown'}-dirty-")
    other = CompiledPipeline(PIPELINE.text + "\n").package("x", commit, allow_dirty=True).version
    assert other != marked
