"""The prediction log that the setting asks for."""

import os
import tempfile
from pathlib import Path

from model.errors import Problem
from serving.log import ServerLog
from serving.prediction_log.folder import ParquetFolder
from serving.prediction_log.json_lines import JsonLines
from serving.prediction_log.log import PredictionLog
from serving.settings import PREDICTION_LOG, STDOUT, SettingsError


def open_prediction_log(target: str, model: str, digest: str, log: ServerLog) -> PredictionLog | None:
    """None without a target. Raises SettingsError for a folder in which no file can be written."""
    if not target:
        return None
    if target == STDOUT:
        return PredictionLog(JsonLines(model, digest))
    folder = Path(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        problem = f"is {target!r}, in which no file can be written ({os.strerror(error.errno or 0)})"
        hint = f"Name a folder on a volume that this user may write to, or {STDOUT}"
        raise SettingsError(Problem(PREDICTION_LOG, problem, hint, "prediction-log-unwritable")) from None
    return PredictionLog(ParquetFolder(folder, model, digest, report=log.warning))
