"""The server's image holds little: the server imports only what it needs."""

import json
import subprocess
import sys

import pytest

from tests.serving.process import ROOT

HEAVY = {"kfp", "pandas", "boto3", "docker", "duckdb", "pyarrow", "sklearn", "yaml", "requests", "optuna", "google"}
CODE = """
import json, sys, xgboost
before = set(sys.modules)
import serving.server
print(json.dumps([*set(sys.modules) - before]))
"""


@pytest.fixture(scope="module")
def imported():
    """Modules that the server imports beside XGBoost, which imports scikit-learn where it is installed."""
    command = [sys.executable, "-c", CODE]
    return set(json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout))


def test_the_server_imports_no_heavy_package(imported):
    assert "serving.app" in imported
    assert not {module.split(".")[0] for module in imported} & HEAVY


def test_the_server_never_reads_specs(imported):
    assert not {module for module in imported if module.startswith("model.spec")}
