"""The load generators of the benches against a small server: what they count is what was answered."""

import math
import os
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.goals import Goal
from bench.serving.closed_loop import closed_loop
from bench.serving.connection import ProtocolError, exchange, get, post
from bench.serving.hostile import Hostile, attack
from bench.serving.open_loop import OpenLoop
from bench.serving.process_tree import ProcessTree
from bench.spread import percentile, spread

PEERS = Path(__file__).resolve().parents[2] / "bench" / "serving" / "peers"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.answer(503 if self.path == "/busy" else 200, body)

    def do_GET(self):
        if self.path == "/closes":
            self.close_connection = True
            return
        self.answer(200, b"x" * 300_000)

    def answer(self, status, body):
        with self.server.lock:
            self.server.answered += 1
        head = f"HTTP/1.1 {status} Answer\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.answered, server.lock = True, 0, threading.Lock()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_answer_in_many_pieces_is_put_together(server):
    assert exchange(server.server_address, get("/")).body == b"x" * 300_000
    assert exchange(server.server_address, post("/", b"y" * 700_000)).body == b"y" * 700_000
    with pytest.raises(ProtocolError, match="closed after 0 bytes"):
        exchange(server.server_address, get("/closes"))


def test_a_closed_loop_counts_every_answer_and_stops_at_its_limit(server):
    before = server.answered
    load = closed_loop(server.server_address, [post("/", b"1"), post("/", b"2")], connections=3, limit=50)
    assert load.requests == server.answered - before == 50
    with pytest.raises(RuntimeError, match="status 503"):
        closed_loop(server.server_address, [post("/busy", b"")], connections=1, limit=5)


def test_an_open_loop_tells_accepted_from_shed(server):
    before, bodies = server.answered, [post("/", b"1"), post("/busy", b"2")]
    load = OpenLoop(server.server_address, bodies).run(rate=400, seconds=0.2)
    assert (len(load.accepted), len(load.shed), load.failures, load.unsent) == (40, 40, {}, 0)
    assert server.answered - before == len(load.lateness) == 80


def test_a_hostile_body_is_sent_until_it_is_answered(server):
    body = Hostile("short", "/", lambda: [b"12", b"34"], 4)
    refusal = attack(server.server_address, body)
    assert (refusal.status, refusal.sent, refusal.head) == (200, 4, "HTTP/1.1 200 Answer")


def test_a_process_tree_has_time_and_memory():
    tree = ProcessTree(os.getpid())
    assert os.getpid() in tree.processes()
    assert tree.cpu_seconds() > 0
    assert 0 < tree.resident_bytes() <= tree.peak_bytes()


def test_figures_and_goals():
    assert spread([3.0, 1.0, 2.0], " s", 1) == "2.0 s (1.0 to 3.0)"
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert math.isnan(percentile([], 0.99))
    assert Goal("a", 2.0, 3.0).reached
    assert not Goal("a", 2.0, 3.0, at_most=False).reached
    assert not Goal("a", math.nan, 3.0).reached


@pytest.mark.parametrize("peer", ["fastapi", "kserve", "mlserver", "bentoml"])
def test_a_peer_is_locked_with_hashes(peer):
    lock = (PEERS / peer / "requirements.txt").read_text("utf-8")
    names = re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)
    assert set(re.findall(r"^[a-z-]+", (PEERS / peer / "requirements.in").read_text("utf-8"), re.MULTILINE)) <= set(
        names
    )
    assert lock.count("--hash=sha256:") >= len(names)
    assert "xgboost" not in names
