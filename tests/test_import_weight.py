"""What a process of a run imports: each package that it has no use for is time in every run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = ("kfp.client", "kubernetes", "kfp_server_api", "google.auth", "google.cloud.bigquery")
ENGINE = ("docker", "requests", "urllib3")
ARRAYS = ("numpy", "pyarrow", "joblib", "scipy", "xgboost", "optuna", "duckdb")
MODELS = ("joblib", "pandas", "pyarrow", "scipy", "xgboost", "optuna")

# What a process imports to do its work on this machine -> what it must not have imported by then.
PROCESSES = {
    "kamado run": ("import cli.main, pipelines.arguments, pipelines.local.run", (*CLUSTER, *ENGINE, *ARRAYS)),
    "the runner": ("import pipelines.local.runner", (*CLUSTER, *ENGINE, *ARRAYS, "pydantic", "rich")),
    "load_spec": ("import components.load_spec.load_spec", (*CLUSTER, *ENGINE, *ARRAYS)),
    "extract": ("import components.extract.extract", (*CLUSTER, *ENGINE, *MODELS)),  # of files, read by DuckDB
    "train": ("import components.train.train", (*CLUSTER, *ENGINE, "distributed", "dask", "pandas")),
    "preprocess": ("import components.preprocess.preprocess", (*CLUSTER, *ENGINE, *MODELS)),
    "evaluate": ("import components.evaluate.evaluate", (*CLUSTER, *ENGINE, "optuna", "scipy.optimize")),
    "refit": ("import components.refit.retrain", (*CLUSTER, *ENGINE, "optuna", "scipy.stats")),
    "refit, of no promotion": ("import components.refit.refit", (*CLUSTER, *ENGINE, *ARRAYS)),
    "scoring": ("import model.bundle.row_scorer", (*CLUSTER, *ENGINE, *MODELS, "duckdb", "yaml")),  # by the kernel
    "conclude": ("import components.conclude.conclude", (*CLUSTER, *ENGINE, *ARRAYS)),
}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_imports_only_what_it_needs(process):
    code, unneeded = PROCESSES[process]
    command = [sys.executable, "-c", f"{code}; import json, sys; print(json.dumps(sorted(sys.modules)))"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert not set(unneeded) & set(json.loads(done.stdout))
