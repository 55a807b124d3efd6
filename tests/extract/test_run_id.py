"""The run that a step belongs to, from its surroundings."""

import pytest

from components.extract.run_id import run_id

VERTEX = "gs://bucket/some/root/1234567890/{}/extract_-5821904512/rows"


@pytest.mark.parametrize(
    ("environ", "output", "run"),
    [
        ({"KAMADO_RUN": "7f3a"}, "minio://mlpipeline/v2/artifacts/p/7f3a/extract/1/rows", "7f3a"),
        ({"KAMADO_RUN": "7f3a"}, VERTEX.format("kamado-rent-20260701"), "7f3a"),
        ({"KAMADO_RUN": ""}, VERTEX.format("kamado-rent-20260701"), "kamado-rent-20260701"),
        ({}, VERTEX.format("kamado-rent-20260701-retry-12"), "kamado-rent-20260701"),
        ({}, "minio://mlpipeline/v2/artifacts/p/7f3a/extract/1/rows", None),
        ({}, "gs://bucket/root/pipeline/7f3a/extract/rows", None),
        ({}, "/out/runs/000001/artifacts/kamado/extract/rows", None),
    ],
)
def test_it_is_the_same_for_all_attempts_and_never_a_guess(environ, output, run):
    assert run_id(environ, output) == run
