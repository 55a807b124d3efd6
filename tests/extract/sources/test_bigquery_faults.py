"""Breaks and kills at every moment: all rows come once and are paid once, or the fetch fails."""

import contextlib
import multiprocessing
import random
import time

import pytest

from components.extract.sources.bigquery.client import Connection
from components.extract.sources.bigquery.storage import StorageReader
from model.errors import DataError
from tests.contracts.source import ALL, WINDOW
from tests.extract.sources.cloud import ENOUGH, rows, source
from tests.logs import log
from tests.services.bigquery import LOCATION, PROJECT, RestFault, StreamFault
from tests.services.bigquery.faults import ENDS, EXPIRES, LOST, STATUSES, TORN
from tests.services.bigquery.sizes import LEAST_BILLED

ORDER = [("list_id", "ascending"), ("position", "ascending")]
MESSAGES = 12  # of one stream with all rows


@pytest.fixture
def storage(service, monkeypatch):
    monkeypatch.setenv("BIGQUERY_STORAGE_EMULATOR_HOST", service.storage_address)
    return service


def is_whole(table) -> bool:
    return table.sort_by(ORDER).cast(log().schema).equals(log().sort_by(ORDER))


def test_a_stream_may_break_before_each_message_and_after_the_last(storage):
    connection = Connection.open(PROJECT, LOCATION, limit=ENOUGH, seconds=5)
    client = connection.storage_client()
    with contextlib.closing(client.transport), contextlib.closing(connection.client):
        reader = StorageReader(connection, client, streams=1, first_wait=1e-4)
        table = connection.client.get_table(f"{PROJECT}.logs.impressions").reference
        for message in range(MESSAGES + 1):
            storage.faults.streams.append(StreamFault("UNAVAILABLE", message))
            [batch] = reader.batches(table)
            assert batch.to_struct_array().equals(log().to_batches()[0].to_struct_array()), message
    assert storage.faults.streams == []


def test_no_fault_at_any_message_gives_other_rows(storage):
    chance, reader = random.Random(5), source(run="monday", keys=("list_id", "position"))
    outcomes = set()
    for kind in (*STATUSES, ENDS, TORN, EXPIRES):
        storage.faults.streams[:] = [StreamFault(kind, chance.randint(0, 3)) for _ in range(2)]
        try:
            assert is_whole(rows(reader)), kind
            outcomes.add("whole")
        except DataError:
            outcomes.add("refused")
    assert outcomes == {"whole", "refused"}
    assert [job_id.split("-")[1] for job_id in storage.jobs] == ["extract", "check"]


def test_requests_that_fail_once_or_whose_answer_is_lost_are_repeated(service):
    service.faults.rest += [RestFault("tables.get", "backendError"), RestFault("jobs.getQueryResults", LOST)]
    assert is_whole(rows(source()))
    assert service.faults.rest == []
    assert (len(service.jobs), service.billed) == (1, LEAST_BILLED)


@pytest.mark.parametrize("calls_before_the_kill", [["jobs.insert"] * 2, ["jobs.getQueryResults"] * 2])
def test_a_run_that_is_killed_and_tried_again_pays_once(service, calls_before_the_kill):
    name, times = calls_before_the_kill[0], len(calls_before_the_kill)
    process = multiprocessing.get_context("fork").Process(target=lambda: rows(source(run="monday")))
    process.start()
    while service.calls.count(name) < times and process.is_alive():
        time.sleep(0.001)
    process.kill()
    process.join()
    assert is_whole(rows(source(run="monday")))
    assert (len(service.jobs), service.billed) == (1, LEAST_BILLED)


def test_credentials_that_end_in_the_middle_are_named(service):
    batches = source().fetch(ALL, WINDOW)
    assert next(batches).num_rows
    service.faults.rest.append(RestFault("*", "authError", times=9))
    with pytest.raises(DataError) as error:
        list(batches)
    assert [problem.code for problem in error.value.problems] == ["bigquery-credentials"]
    assert not error.value.final
