"""Settings and labels of Vertex AI, without its client."""

import pytest

from model.errors import UsageError
from pipelines.submit.vertex.labels import label_value
from pipelines.submit.vertex.settings import VertexSettings
from tests.contracts.pipeline_service import codes
from tests.pipelines.submit.vertex_project import ENVIRON


@pytest.mark.parametrize(
    ("text", "value"),
    [("tiny", "tiny"), ("", ""), ("1.2-dirty", "1-2-dirty-"), ("Ü", "--"), ("x" * 64, "x" * 54 + "-")],
)
def test_values_of_labels_stay_different(text, value):
    changed = label_value(text)
    assert changed.startswith(value)
    assert len(changed) <= 63
    assert (changed == text) == (value == text)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (dict.fromkeys(ENVIRON, ""), ["vertex-setting-missing"] * 3),
        ({"VERTEX_ROOT": "s3://bucket/runs", "VERTEX_LOCATION": "Europe"}, ["vertex-setting"] * 2),
        ({"VERTEX_ROOT": "gs:/bucket"}, ["vertex-setting"]),
        ({"VERTEX_SERVICE_ACCOUNT": "steps"}, ["vertex-setting"]),
        ({"VERTEX_ENDPOINT": "http://user@host"}, ["vertex-setting"]),
        ({"VERTEX_TOKEN": "a\nb"}, ["vertex-setting"]),
    ],
)
def test_settings_that_cannot_be_used(changes, expected):
    with pytest.raises(UsageError) as error:
        VertexSettings.read({**ENVIRON, **changes})
    assert codes(error) == expected
    assert "a\nb" not in str(error.value)


def test_settings():
    settings = VertexSettings.read(ENVIRON)
    assert settings == VertexSettings("kamado-test", "europe-west1", "gs://kamado-test/runs", token="right")
    assert settings.address == "https://europe-west1-aiplatform.googleapis.com"
    assert "right" not in repr(settings)
