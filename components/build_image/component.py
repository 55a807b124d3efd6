from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input, Markdown, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def build_image(
    model: str,
    base: str,
    destination: str,
    trained: Input[Model],
    evaluation: Input[Artifact],
    image: Output[Artifact],
    summary: Output[Markdown],
) -> NamedTuple("Outputs", [("outcome", str), ("reference", str), ("tag", str), ("digest", str), ("result", str)]):  # type: ignore[valid-type] # the one form that KFP ships in the body
    """Build the image of a promoted model: gate, one layer on the server base, smoke test, tag. Sum up the run.

    Args:
        model: Name of the model.
        base: Server base of the image; empty for one that is made here.
        destination: Image store for the image.

    Returns:
        outcome: promote, hold, insufficient-data, reject, invalid or refused.
        reference: The image as STORE:TAG@DIGEST; empty without one.
        tag: Its tag; empty without an image.
        digest: Its digest; empty without an image.
        result: All of it as a line of JSON, for a table of several models.
    """
    import os
    from pathlib import Path
    from typing import NamedTuple

    from build.image.request import BuildRequest
    from build.settings import cache_folder, git_commit, required_key, signing_key
    from components.build_image.account import Account
    from components.step import Step

    with Step("build_image", outputs=[image.path]) as step:
        step.pass_on(trained.path, evaluation.path)
        # Imported here: it takes longer than to pass on a refusal, which needs none of it.
        from components.build_image.build_image import build_image as run

        run(
            Path(trained.path) / "bundle",
            Path(evaluation.path),
            BuildRequest(
                destination,
                base=base or None,
                cache=cache_folder(os.environ),
                commit=git_commit(os.environ),
                key=signing_key(os.environ),
                required=required_key(os.environ),
            ),
            Path(image.path),
            report=lambda message: step.progress(0, 1, message),
        )
    account = Account.read(model, Path(evaluation.path), Path(image.path), step.refusal)
    Path(summary.path).write_text(account.summary(), "utf-8")
    result = account.result
    image.metadata.update(result.model_dump())

    class Outputs(NamedTuple):
        outcome: str
        reference: str
        tag: str
        digest: str
        result: str

    return Outputs(result.outcome, result.reference, result.tag, result.digest, result.line())
