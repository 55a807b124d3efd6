"""Failing containers, and how many of them are reported as failures: `python bench/docker_failures.py`.

Needs Debian's docker.io, and root to start the engine, which is stopped again. The function of KFP and the one that
`make run RUNNER=docker` puts in its place start the same containers, each of which ends at once with exit code 3.
Exit code 1 when one of ours is reported as anything else.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder

import docker
from kfp.local import docker_task_handler
from rich.console import Console

from build.image.base_images.python_base import python_image
from build.settings import cache_folder
from pipelines.local.docker_runner import run_container
from tests.services.engine import engine

COMMAND = ["sh", "-c", "exit 3"]
NAME = "kamado/failing:latest"  # KFP's function finds images by a tag alone
Run = Callable[..., int]


def exit_codes(address: str, run: Run, containers: int, threads: int) -> Counter[str]:
    """How often each exit code, or exception, came back; every call has a client of its own, as in KFP."""

    def start(_: int) -> str:
        with contextlib.closing(docker.DockerClient(address, timeout=60)) as client:
            try:
                return str(run(client=client, image=NAME, command=COMMAND, volumes={}, network_mode="none"))
            except docker.errors.DockerException as error:
                return type(error).__name__

    with ThreadPoolExecutor(threads) as pool, contextlib.redirect_stdout(io.StringIO()):
        return Counter(pool.map(start, range(containers)))


def main(containers: int, threads: int) -> int:
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as folder, engine(Path(folder)) as address:
        with contextlib.closing(docker.DockerClient(address, timeout=600)) as client:
            base = python_image(client, None, cache=cache_folder(os.environ), report=console.print)
            client.images.get(base).tag(*NAME.split(":"))
            ours = exit_codes(address, run_container, containers, threads)
            theirs = exit_codes(address, docker_task_handler.run_docker_container, containers, threads)
            left = len(client.containers.list(all=True, filters={"ancestor": NAME}))
    console.print(f"{containers} containers that end with exit code 3, {threads} at a time; what was reported:")
    console.print(f"  kfp {docker_task_handler.__name__}: {describe(theirs)}")
    console.print(f"  ours: {describe(ours)}; {left} containers left")
    return 0 if ours == Counter({"3": containers}) and not left else 1


def describe(codes: Counter[str]) -> str:
    return ", ".join(f"{count} times {code}" for code, count in codes.most_common())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--containers", type=int, default=200)
    parser.add_argument("--threads", type=int, default=6)
    sys.exit(main(**vars(parser.parse_args())))
