"""The client of a Dask scheduler."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from distributed import Client

from components.train.dask_cluster.errors import DaskError, LostError, losses
from components.train.dask_cluster.versions import version_problems
from model.errors import Problem

ANSWER_SECONDS = 30.0  # for the scheduler to answer
WORKERS_SECONDS = 120.0  # for the first worker to come: a cluster may grow from none when there is work
REACH = "Check training.scheduler, that the scheduler runs, and that this machine or pod may reach it"
CERTIFICATES = "A tls:// address needs DASK_DISTRIBUTED__COMM__TLS__CA_FILE and the certificate and key of a client"
START = "Start workers: dask worker {address}"


@dataclass(frozen=True)
class DaskCluster:
    """`workers` are the addresses of those that were there at first, in order."""

    client: Client
    address: str
    workers: tuple[str, ...]

    def present(self) -> tuple[str, ...]:
        """The addresses of the workers that are there now, in order. Raises LostError without a scheduler."""
        return addresses_of(self.client)


@contextlib.contextmanager
def connected(
    address: str, *, answer: float = ANSWER_SECONDS, first_worker: float = WORKERS_SECONDS
) -> Iterator[DaskCluster]:
    """The cluster, whose workers have the same versions of all that a fit needs. Raises DaskError."""
    with _client(address, answer) as client:
        with answering(address):
            try:
                client.wait_for_workers(1, timeout=first_worker)
            except TimeoutError:
                problem = f"has no worker, {first_worker:g} s after it was asked for one"
                raise DaskError(Problem(address, problem, START.format(address=address), "dask-no-workers")) from None
            workers = ready(client, address)
        yield DaskCluster(client, address, workers)


def ready(client: Client, address: str) -> tuple[str, ...]:
    """The addresses of the workers, which have the versions of this step. Raises DaskError and LostError."""
    problems = list(version_problems(client, address))
    if problems:
        raise DaskError(*problems)
    return addresses_of(client)


def addresses_of(client: Client) -> tuple[str, ...]:
    """Raises LostError where the scheduler is gone: a client that gave it up answers with nothing."""
    workers = client.scheduler_info(n_workers=-1).get("workers")
    if workers is None:
        raise LostError("the scheduler is gone")
    return tuple(sorted(workers))


@contextlib.contextmanager
def answering(address: str) -> Iterator[None]:
    """A scheduler that ends meanwhile is refused."""
    try:
        with losses():
            yield
    except LostError as error:
        raise DaskError(Problem(address, f"answers no more ({error})", REACH, "dask-unreachable")) from None


def _client(address: str, seconds: float) -> Client:
    try:
        return Client(address, timeout=seconds, name="kamado")
    except (OSError, TypeError, ValueError, RuntimeError) as error:
        hint = CERTIFICATES if address.startswith("tls://") else REACH
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DaskError(Problem(address, f"cannot be reached ({reason})", hint, "dask-unreachable")) from None
