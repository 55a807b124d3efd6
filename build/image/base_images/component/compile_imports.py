"""Print the source files that the steps import, which are compiled when their image is built.

Every step is a new process, and would compile them again. Not all that is installed: most of it no step imports. What
is missing here costs a step time and nothing else; a test finds it.
"""

import importlib
import sys

IMPORTS = (
    *("kfp.dsl.executor_main", "boto3", "botocore.loaders", "cyclonedx.contrib.license.factories"),
    *("cyclonedx.model.bom", "cyclonedx.output.json", "docker", "duckdb", "duckdb.sqltypes", "farmhash"),
    *("filelock", "glob", "google.cloud.bigquery", "isal.igzip", "jinja2", "joblib", "model_signing", "optuna"),
    *("packageurl", "pyarrow.compute", "pyarrow.parquet", "pydantic.alias_generators", "requests"),
    *("scipy.optimize", "sqlglot.optimizer.annotate_types", "sqlglot.optimizer.qualify", "sqlglot.optimizer.scope"),
    *("tenacity", "threadpoolctl", "xgboost"),
)


def main() -> None:
    for name in IMPORTS:
        importlib.import_module(name)
    sources = {getattr(module, "__file__", None) or "" for module in sys.modules.values()}
    print(*sorted(file for file in sources if file.endswith(".py")), sep="\n")


if __name__ == "__main__":
    main()
