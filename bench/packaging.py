"""Gate, layer and push, compared with docker's: `python bench/packaging.py`.

Needs Debian's docker-registry and docker.io, and root to start the engine; both run on loopback and are stopped again.
Trains a booster of about 20 MB once. Everything is measured in one run, in turns; medians with their spread are
printed, and the exit code is 1 when a goal is missed.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

import docker
import numpy as np
import pytest
import xgboost
from rich.console import Console

from bench.spread import spread
from build.gate.gate import verify
from build.image.assemble import assemble
from build.image.base.base import Base
from build.image.base.build_base import build_base
from build.image.model_layer import model_layer
from build.oci.credentials import DockerLogin
from build.oci.image import Image
from build.oci.publish import publish
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from tests.bundles import write_valid_bundle
from tests.services.engine import engine
from tests.services.fault_proxy import fault_proxy
from tests.services.registry import registry

CUTOFF = "2026-07-01T00:00:00Z"
LEAST_FASTER, MOST_UPLOADED, MOST_GATE, MOST_MEMORY = 3.0, 2_000, 2.0, 1.1
MB = 1 << 20
DOCKERFILE = "FROM {base}\nCOPY bundle /opt/kamado/bundle\nCOPY verdict.json /opt/kamado/verdict.json\nUSER 65532\n"
STREAM = """
import resource, sys
from pathlib import Path
from bench.packaging import store_at, image_of, publish
from build.image.base.base import Base, empty_config
host, folder, number = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
base = Base("none", "none", "sha256:" + "0" * 64, empty_config())
publish(store_at(host, "memory", folder), image_of(base, folder / "bundle", folder / "layer", number), f"size-{number}")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def booster(path: Path) -> None:
    """About 20 MB of real trees: what compresses like a model."""
    rng = np.random.default_rng(7)
    features = rng.normal(size=(60_000, 20)).astype(np.float32)
    label = (features[:, 0] * features[:, 1] + rng.normal(size=60_000) > 0).astype(np.float32)
    settings = {"objective": "binary:logistic", "max_depth": 11, "eta": 0.1, "nthread": 2, "min_child_weight": 0.1}
    rows = xgboost.DMatrix(features, label, nthread=2)
    path.write_bytes(xgboost.train(settings, rows, 540).save_raw("ubj"))


def bundle_of(folder: Path, size: int | None = None) -> Path:
    """A folder with a bundle's three files; its booster is trained, or `size` bytes long."""
    write_valid_bundle(folder / "bundle")
    target = folder / "bundle" / "booster.ubj"
    if size is None:
        booster(target)
    else:
        with target.open("wb") as file:
            for _ in range(size // MB):
                file.write(os.urandom(MB))
    (folder / "verdict.json").write_text("{}")
    return folder / "bundle"


def image_of(base: Base, bundle: Path, layer: Path, number: str) -> Image:
    """The image as the assembler makes it, with a label that makes every round's content another."""
    added = model_layer(layer, bundle, b"{}", cutoff=CUTOFF)
    return assemble(base, added, {"round": number}, created=CUTOFF)


def store_at(host: str, repository: str, folder: Path) -> RegistryStore:
    login = DockerLogin(host, folder / "absent")
    return RegistryStore(RegistryClient(host, repository, login=login), locks=folder / "locks")


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def by_docker(client: docker.DockerClient, context: Path, host: str, number: str) -> None:
    """`docker build` and `docker push`. A changed byte per round keeps the engine from finding its own work."""
    (context / "verdict.json").write_text(json.dumps({"round": number}))
    with (context / "bundle" / "booster.ubj").open("ab") as file:
        file.write(number.encode())
    name = f"{host}/by-docker"
    client.images.build(path=str(context), tag=f"{name}:{number}", network_mode="host", rm=True)
    for line in client.images.push(name, tag=number, stream=True, decode=True):
        if "error" in line:
            raise RuntimeError(line["error"])


def by_kamado(base: Base, context: Path, host: str, number: str) -> None:
    with (context / "bundle" / "booster.ubj").open("ab") as file:
        file.write(number.encode())
    image = image_of(base, context / "bundle", context / "layer", number)
    publish(store_at(host, "by-kamado", context), image, number)


@contextlib.contextmanager
def services(folder: Path) -> Iterator[tuple[str, docker.DockerClient]]:
    (folder / "registry").mkdir()
    (folder / "engine").mkdir()
    with registry(folder / "registry") as host, engine(folder / "engine") as address:
        with contextlib.closing(docker.DockerClient(base_url=address, timeout=600)) as client:
            yield host, client


def speed(host: str, client: docker.DockerClient, base: Base, folder: Path, rounds: int) -> tuple[list[float], str]:
    """Docker's seconds over ours, a ratio per round, and a summary of both."""
    server = Image(base.config.data, base.layers)
    for repository in ("by-kamado", "by-docker"):  # the base is where both need it: only the model is measured
        publish(store_at(host, repository, folder), server, "base")
    client.images.pull(f"{host}/by-docker@{server.digest}")
    contexts = {}
    trained = bundle_of(folder / "trained").parent
    for side in ("docker", "kamado"):
        contexts[side] = Path(shutil.copytree(trained, folder / side))
    (contexts["docker"] / "Dockerfile").write_text(DOCKERFILE.format(base=f"{host}/by-docker@{server.digest}"))
    theirs, ours = [], []
    for number in range(rounds + 1):
        theirs.append(timed(lambda n=f"r{number}": by_docker(client, contexts["docker"], host, n)))
        ours.append(timed(lambda n=f"r{number}": by_kamado(base, contexts["kamado"], host, n)))
    theirs, ours = theirs[1:], ours[1:]  # the first round of each warms up
    size = (trained / "bundle" / "booster.ubj").stat().st_size / MB
    summary = f"a model of {size:.0f} MB: docker {spread(theirs, ' s')}, Kamado {spread(ours, ' s')}"
    return [slow / fast for slow, fast in zip(theirs, ours, strict=True)], summary


def uploaded(host: str, base: Base, folder: Path) -> int:
    """Bytes that a repeated push sends, headers included."""
    image = image_of(base, folder / "kamado" / "bundle", folder / "again", "again")
    publish(store_at(host, "again", folder), image, "again")
    with fault_proxy(host) as counter:
        outcome = publish(store_at(counter.host, "again", folder), image, "again").outcome
    assert outcome == "unchanged"
    return counter.uploaded


def digests(host: str, base: Base, folder: Path) -> set[str]:
    """Of ten pushes of one bundle, from other folders, with other times and umasks."""
    pushed = set()
    for number in range(10):
        copy = folder / f"copy {number}"
        before = os.umask(0o077 if number % 2 else 0o002)
        try:
            bundle = Path(shutil.copytree(folder / "kamado" / "bundle", copy / "bundle", copy_function=shutil.copyfile))
            for path in bundle.iterdir():
                os.utime(path, (number * 1e8, number * 1e8))
            image = image_of(base, bundle, copy / "layer", "same")
            pushed.add(publish(store_at(host, f"ten/{number}", folder), image, "same").digest)
        finally:
            os.umask(before)
    return pushed


def memory(host: str, folder: Path, size: int) -> int:
    """Peak kilobytes of a process that lays out and pushes a model of `size` bytes."""
    bundle_of(folder, size)
    command = [sys.executable, "-c", STREAM, host, str(folder), str(size // MB)]
    kilobytes = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    shutil.rmtree(folder)
    return int(kilobytes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="rounds of every measurement")
    rounds = parser.parse_args().rounds
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as temporary, contextlib.ExitStack() as stack:
        folder = Path(temporary)
        try:
            host, client = stack.enter_context(services(folder))
        except pytest.skip.Exception as reason:
            console.print(str(reason))
            return 1
        base = build_base(Path.home() / ".cache" / "kamado", report=lambda _: None)
        ratios, summary = speed(host, client, base, folder, rounds)
        console.print(f"layer and push of {summary}")
        console.print(f"docker's time over Kamado's: {spread(ratios)} times (goal: at least {LEAST_FASTER:g})")
        again = uploaded(host, base, folder)
        console.print(f"a repeated push uploads {again:,} bytes (goal: at most {MOST_UPLOADED:,})")
        ten = digests(host, base, folder)
        console.print(f"ten pushes of one bundle: {len(ten)} digest (goal: 1)")
        bundle = write_valid_bundle(folder / "valid")
        gate = [timed(lambda: verify(bundle, None)) for _ in range(rounds)]
        console.print(f"the gate: {spread(gate, ' s')} (goal: at most {MOST_GATE:g} s)")
        small, large = memory(host, folder / "small", MB), memory(host, folder / "large", 1024 * MB)
        console.print(f"peak memory of layer and push: {small >> 10} MB for a model of 1 MB, {large >> 10} MB for 1 GB")
        console.print(f"that is {large / small:.2f} times (goal: at most {MOST_MEMORY:g})")
    reached = (
        statistics.median(ratios) >= LEAST_FASTER
        and again <= MOST_UPLOADED
        and len(ten) == 1
        and statistics.median(gate) <= MOST_GATE
        and large / small <= MOST_MEMORY
    )
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
