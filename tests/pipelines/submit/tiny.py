"""A pipeline of two steps with the outputs of a training's last steps, compiled in a moment and run in two."""

from pathlib import Path
from typing import List, NamedTuple  # noqa: UP035  # KFP reads this form alone

from kfp import compiler, dsl

IMAGE = f"localhost/python-steps@sha256:{'0' * 64}"


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def build_image(
    outcome: str, wait: float, marker: str, image: dsl.Output[dsl.Artifact], model: str = "tiny"
) -> NamedTuple("Built", [("outcome", str), ("reference", str), ("tag", str), ("digest", str), ("result", str)]):
    """Ends with this outcome after some seconds; "broken" is a step that fails, as does one that makes its marker, and
    "killed" one that the kernel ends."""
    import json
    import os
    import signal
    import time
    from pathlib import Path

    time.sleep(wait)
    first = bool(marker) and not Path(marker).exists()
    if first:
        Path(marker).touch()
    if outcome == "broken" or first:
        raise SystemExit("a defect")
    if outcome == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    folder = Path(image.path)
    folder.mkdir()
    (folder / "image.json").write_text("{}")
    promoted = outcome == "promote"
    reference = "registry.example/tiny:1@sha256:1" if promoted else ""
    image.metadata["reference"] = reference
    result = json.dumps({"model": model, "outcome": outcome, "reason": f"it is {outcome}", "reference": reference})
    return (outcome, reference, "1" if promoted else "", "sha256:1" if promoted else "", result)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def conclude(outcome: str):
    if outcome not in ("promote", "hold", "insufficient-data"):
        raise SystemExit(1)


def compile_tiny(path: Path, name: str, *, seconds: float = 0.0, image: str = IMAGE) -> str:
    """The text of the compiled pipeline `name`; `seconds` make versions differ."""

    @dsl.pipeline(name=name)
    def graph(outcome: str = "promote", wait: float = seconds, marker: str = ""):
        built = build_image(outcome=outcome, wait=wait, marker=marker)
        for task in (built, conclude(outcome=built.outputs["outcome"])):
            task.set_container_image(image).set_caching_options(False)

    file = path / f"{name}.yaml"
    compiler.Compiler().compile(graph, str(file))
    return file.read_text()


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def table(results: List[str]):  # noqa: UP006  # KFP reads this form alone
    print(results)


def compile_tiny_fleet(path: Path, outcomes: tuple[str, ...], name: str = "kamado-tiny-fleet") -> str:
    """The text of a pipeline with a model of each outcome, which has its name."""
    items = [{"model": f"of-{outcome}", "outcome": outcome} for outcome in outcomes]

    @dsl.pipeline(name=name)
    def graph():
        with dsl.ParallelFor(items, parallelism=2) as item:
            built = build_image(outcome=item.outcome, wait=0.0, marker="", model=item.model)
            built.set_caching_options(False)
        table(results=dsl.Collected(built.outputs["result"])).set_caching_options(False)

    file = path / "fleet.yaml"
    compiler.Compiler().compile(graph, str(file))
    return file.read_text()
