"""The server's image holds little: what it imports is what it needs."""

import subprocess
import sys

from tests.serving.process import ROOT

HEAVY = {"kfp", "pandas", "boto3", "docker", "duckdb", "pyarrow", "sklearn", "yaml", "requests", "optuna", "google"}


def loaded(module):
    code = f"import sys, {module}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


def test_the_server_brings_no_heavy_package():
    # XGBoost itself looks for scikit-learn and takes it where it is installed; the server's image has none.
    assert not (loaded("serving.server") - loaded("xgboost")) & HEAVY


def test_the_server_never_reads_specs():
    code = "import sys, serving.server; print('model.spec' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
