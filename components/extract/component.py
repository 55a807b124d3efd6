from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def extract(
    spec: Input[Artifact], source: str, end: str, data_version: str, refusal: str, rows: Output[Dataset]
) -> None:
    """Run the model's GoogleSQL over the window that ends at `end` and write the rows as Parquet.

    Args:
        source: Where the rows are: duckdb:FOLDER or bigquery:PROJECT@LOCATION.
        end: End of the window as 2026-07-01, exclusive.
        data_version: State of the tables; another state is another run of this step, and not one from the cache.
        refusal: Why the run cannot start, as JSON; empty when it can.
    """
    import os
    from pathlib import Path

    from components.step import Step
    from model.spec.types import Spec

    with Step("extract", outputs=[rows.path]) as step:
        step.pass_on(spec.path, value=refusal)
        # Imported here: it takes longer than to pass on a refusal, which needs none of it.
        from components.extract.extract import extract as run
        from components.extract.run_id import run_id
        from components.extract.window import window

        loaded = Spec.read(Path(spec.path))
        document = run(
            loaded,
            source,
            window(loaded, end),
            Path(rows.path),
            run=run_id(os.environ, rows.uri),
            data_version=data_version,
            progress=step.progress,
        )
        rows.metadata.update({**document.facts(), "data_version": data_version})
