"""The small pipeline and a run of it, for the tests of each service."""

import pytest

from pipelines.submit.package import CompiledPipeline
from pipelines.submit.service import RunRequest
from tests.contracts.pipeline_service import COMMIT
from tests.pipelines.submit.tiny import compile_tiny


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> CompiledPipeline:
    return CompiledPipeline(compile_tiny(tmp_path_factory.mktemp("tiny"), "kamado-tiny"))


@pytest.fixture
def request_(compiled) -> RunRequest:
    package = compiled.package("tiny", COMMIT, allow_dirty=False)
    return RunRequest(package, "tiny", "tiny", {"outcome": "promote"})
