"""A probe like a kubelet's: a connection of its own every 50 ms, beside the load and in another process."""

import contextlib
import multiprocessing
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from bench.serving.connection import Address, ProtocolError, exchange, get
from bench.spread import percentile

EVERY = 0.05
PATIENCE = 1.0  # seconds until a kubelet gives up, by default
PATHS = ("/readyz", "/healthz")


@dataclass
class Probes:
    """Empty until the probing has ended. `answered` are moments of answers, `waits` their seconds."""

    answered: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def longest_gap(self) -> float:
        """Seconds between two answers that follow each other; a probe is due every 0.05."""
        gaps = [later - earlier for earlier, later in zip(self.answered, self.answered[1:], strict=False)]
        return max(gaps, default=float("nan"))

    def __str__(self) -> str:
        return (
            f"{len(self.answered)} probes answered, {len(self.failures)} failed, longest gap between two answers "
            f"{1e3 * self.longest_gap:.0f} ms, p99 {1e3 * percentile(self.waits, 0.99):.1f} ms"
        )


@contextlib.contextmanager
def probing(address: Address) -> Iterator[Probes]:
    """Probes while the block runs; what it yields is filled at the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_probe, args=(address, theirs), daemon=True)
    process.start()
    ours.recv()  # it has begun
    probes = Probes()
    try:
        yield probes
    finally:
        ours.send("stop")
        result: Probes = ours.recv()
        process.join()
        probes.answered, probes.waits, probes.failures = result.answered, result.waits, result.failures


def _probe(address: Address, pipe: Pipe) -> None:
    probes, number = Probes(), 0
    pipe.send("begun")
    due = time.monotonic()
    while not pipe.poll(max(0.0, due - time.monotonic())):
        began, path = time.monotonic(), PATHS[number % len(PATHS)]
        try:
            status = exchange(address, get(path), seconds=PATIENCE).status
            if status == 200:
                probes.answered.append(time.monotonic())
                probes.waits.append(probes.answered[-1] - began)
            else:
                probes.failures.append(f"{path}: status {status}")
        except (OSError, ProtocolError) as error:
            probes.failures.append(f"{path}: {error!r}")
        number += 1
        due = max(due + EVERY, time.monotonic())
    pipe.send(probes)
