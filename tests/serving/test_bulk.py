"""Large bodies: one thread, and an end to those that wait for it."""

import asyncio
import json
import signal
import threading

import pytest

from serving.bulk import INLINE_BYTES, MAX_BULK, BulkThread
from serving.errors import Overloaded
from tests.serving.process import running
from tests.serving.test_limits import answer, connected, head


@pytest.mark.parametrize(("concurrency", "limit"), [(1, 1), (8, 2), (16, 4), (1000, MAX_BULK)])
def test_large_bodies_take_at_most_a_quarter_of_the_places(concurrency, limit):
    assert BulkThread(concurrency).limit == limit


def test_more_than_may_wait_are_refused_at_once_and_the_others_done_in_order():
    leave = threading.Event()
    done = []

    def work(number):
        leave.wait(30)
        done.append((number, threading.current_thread().name))
        return number

    async def ask():
        bulk = BulkThread(8)
        waiting = [asyncio.ensure_future(bulk.run(lambda number=number: work(number))) for number in range(2)]
        await asyncio.sleep(0)
        assert bulk.is_full
        with pytest.raises(Overloaded, match="is handling 2 large bodies already"):
            await bulk.run(lambda: work(2))
        leave.set()
        assert await asyncio.gather(*waiting) == [0, 1]
        assert not bulk.is_full

    asyncio.run(ask())
    assert [number for number, _ in done] == [0, 1]
    assert len({name for _, name in done}) == 1


def test_a_failure_in_the_thread_frees_its_place():
    async def ask():
        bulk = BulkThread(4)
        with pytest.raises(ZeroDivisionError):
            await bulk.run(lambda: 1 // 0)
        assert not bulk.is_full

    asyncio.run(ask())


def test_large_bodies_that_come_together_are_refused_and_single_rows_are_not(bundle, row):
    """One may be scored or wait; all arrive while the server stands still."""
    batch = json.dumps({"columns": {name: [value] * 2000 for name, value in row.items()}}).encode()
    single = json.dumps(row).encode()
    assert len(batch) > INLINE_BYTES
    with running(bundle, KAMADO_CONCURRENCY="7") as server, connected(server, 6) as [*bulk, small, probe]:
        server.process.send_signal(signal.SIGSTOP)
        for connection in bulk:
            connection.sendall(head(len(batch)).replace(b"/predict", b"/predict:batch") + batch)
        small.sendall(head(len(single)) + single)
        probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: kamado\r\n\r\n")
        server.process.send_signal(signal.SIGCONT)
        assert answer(small)[0] == 200
        assert answer(probe)[0] == 200
        statuses = [answer(connection)[0] for connection in bulk]
    assert set(statuses) == {200, 503}
