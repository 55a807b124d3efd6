"""Runs on Kubeflow's stand-in, and what they cost: `python bench/kubeflow.py`.

Starts an image registry, Kubeflow's object store and the stand-in for Kubeflow on loopback, simulates a small portal
and submits to it as a person would, with `make pipeline-submit`: a model that is promoted, one that is held, one that
is refused; then five models in one run, one of them refused. Prints each run's link, outcome and exit code, the seconds
of compiling and of submitting without waiting, and the processor seconds of five models over those of one. Exit code 1
when an outcome is another than it should be.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from build.image.base.build_base import build_base
from build.oci.credentials import DockerLogin
from build.oci.image import Image
from build.oci.publish import publish
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from build.settings import cache_folder
from tests.services.kfp_server.server import kfp_server
from tests.services.registry import registry
from tests.services.seaweedfs import seaweedfs

SPEC = ROOT / "examples" / "rental_portal"
STEPS_IMAGE = (
    "localhost/python-steps@sha256:" + "0" * 64
)  # a name: the stand-in runs steps as processes of this checkout
TRAINING: dict[str, object] = {"engine": "xgboost", "trials": 3, "folds": 2}
PROMOTED = {"training": TRAINING}
UNDECIDED = {  # of one input, trees make no more than a logistic regression does
    **PROMOTED,
    "features": {"floor": {"kind": "number"}},
    "promotion": {"must_beat": ["logistic"]},
}
REFUSED = {**PROMOTED, "reject_budget": "0.01%"}


@dataclass(frozen=True)
class Submission:
    """One call of make: its exit code as the command behind make has it, its processor seconds and its seconds."""

    exit_code: int
    cpu: float
    seconds: float
    screen: str

    @property
    def link(self) -> str:
        return next((line for line in self.screen.splitlines() if "http" in line), "no link").strip()


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as scratch, services(Path(scratch)) as environ:
        folder = Path(scratch)
        subprocess.run(
            [sys.executable, "-m", "cli", "simulate", folder / "portal", "--lists", "12000"], cwd=ROOT, check=True
        )
        environ["DATA"] = str(folder / "portal" / "data")
        once = make(environ, "pipeline-compile", SPEC=spec(folder / "compile", "compile", PROMOTED), OUT=folder / "out")
        quick = make(environ, "pipeline-submit", SPEC=spec(folder / "quick", "quick", REFUSED))
        print(f"compile {once.seconds:.1f} s; submit without waiting {quick.seconds:.1f} s", flush=True)
        expected = {"promote": (PROMOTED, 0), "hold": (UNDECIDED, 3), "refused": (REFUSED, 1)}
        ends = []
        for name, (changes, code) in expected.items():
            run = make(environ, "pipeline-submit", SPEC=spec(folder / name, name, changes), WAIT=1)
            show(name, run)
            ends.append((run.exit_code == code, run))
        folders = [spec(folder / f"m{i}", f"m{i}", REFUSED if i == 3 else PROMOTED) for i in range(1, 6)]
        fleet = make(environ, "pipeline-submit", SPECS=" ".join(map(str, folders)), WAIT=1)
        show("five models, m3 with too small a budget of rejections", fleet)
        ends.append((fleet.exit_code == 1, fleet))
        model = ends[0][1].cpu
        print(f"processor seconds: five models {fleet.cpu:.0f}, one {model:.0f}, ratio {fleet.cpu / model:.1f}")
    return 0 if all(right for right, _ in ends) else 1


@contextmanager
def services(folder: Path) -> Iterator[dict[str, str]]:
    """Registry with a server base, object store and stand-in; yields the environment of `make` with them."""
    for name in ("registry", "weed", "login"):
        (folder / name).mkdir()
    base = build_base(cache_folder(os.environ), report=lambda _: None)
    with (
        registry(folder / "registry") as host,
        seaweedfs(folder / "weed") as store,
        kfp_server(folder / "runs", store.put) as kubeflow,
    ):
        client = RegistryClient(host, "base", login=DockerLogin(host, folder / "login"))
        digest = publish(RegistryStore(client, locks=folder), Image(base.config.data, base.layers), "1").digest
        yield {
            **os.environ,
            "KFP_HOST": kubeflow.host,
            "STEPS_IMAGE": STEPS_IMAGE,
            "BASE_IMAGE": f"{host}/base@{digest}",
            "TO": f"registry://{host}/models",
            "ALLOW_DIRTY": "1",
        }


def spec(folder: Path, model: str, changes: dict[str, object]) -> Path:
    """The portal's spec with other sections, and a model of its own: a version of a pipeline has one content."""
    folder.mkdir()
    shutil.copyfile(SPEC / "training.sql", folder / "training.sql")
    sections = yaml.safe_load((SPEC / "spec.yaml").read_text("utf-8"))
    (folder / "spec.yaml").write_text(yaml.safe_dump({**sections, **changes, "model": model}), "utf-8")
    return folder


def make(environ: dict[str, str], target: str, **variables: object) -> Submission:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    words = [f"{name}={value}" for name, value in variables.items()]
    done = subprocess.run(
        ["make", "--no-print-directory", target, *words],
        cwd=ROOT,
        env=environ,
        text=True,
        capture_output=True,
        check=False,
    )
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    screen = done.stdout + done.stderr
    code = int(screen.rpartition("] Error ")[2].split()[0]) if done.returncode else 0
    return Submission(code, cpu, seconds, screen)


def show(name: str, run: Submission) -> None:
    print(f"\n== {name}: exit code {run.exit_code}, {run.cpu:.0f} processor s, {run.link}\n{run.screen}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
