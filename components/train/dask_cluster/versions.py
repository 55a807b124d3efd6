"""What the workers have installed must be what the step has: a booster is read by the version that wrote it, and
Python's code and Dask's messages are of one version."""

from collections.abc import Iterator, Mapping
from typing import Any

from distributed import Client

from model.errors import Problem

# The name of the package -> the distributions that install it.
PACKAGES = {
    "python": ("python",),
    "xgboost": ("xgboost", "xgboost-cpu"),
    "numpy": ("numpy",),
    "distributed": ("distributed",),
    "cloudpickle": ("cloudpickle",),
}
HINT = "Start the workers from the image of the steps, `dask worker` in it, or install this version there"

WorkerVersions = Mapping[str, str | None]


def version_problems(client: Client, where: str) -> Iterator[Problem]:
    """One for each package and each other version, with the workers that have it."""
    answers: Any = client.get_versions(packages=[name for names in PACKAGES.values() for name in names])
    own = versions_of(answers["client"]["packages"])
    workers = {address: versions_of(answer["packages"]) for address, answer in answers["workers"].items() if answer}
    yield from differences(own, workers, where)


def versions_of(installed: WorkerVersions) -> WorkerVersions:
    """By package, of what Dask answers by distribution. Python by the part that its code depends on."""
    versions = {
        name: next((installed[each] for each in names if installed.get(each)), None) for name, names in PACKAGES.items()
    }
    python = versions["python"]
    return versions | {"python": python and ".".join(python.split(".")[:2])}


def differences(own: WorkerVersions, workers: Mapping[str, WorkerVersions], where: str) -> Iterator[Problem]:
    """`workers` are the versions by address."""
    for name, version in own.items():
        others = {each: [address for address in workers if workers[address][name] == each]
                  for each in {versions[name] for versions in workers.values()} - {version}}  # fmt: skip
        for other, addresses in sorted(others.items(), key=lambda item: item[1]):
            has = f"{name} {other}" if other else f"no {name}"
            some = f"{addresses[0]}" + (f" and {len(addresses) - 1} more" if len(addresses) > 1 else "")
            yield Problem(where, f"has {has} on {some}, and the step has {name} {version}", HINT, "dask-versions")
