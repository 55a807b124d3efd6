"""A small bundle, trained for real in a second or two, and the folders that steps make on the way to it."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from components.preprocess.preprocess import preprocess
from components.train.train import train
from tests.logs import extracted, log, spec_of


def quiet(*_):
    pass


def train_into(folder, spec=None, *, trials=3, threads=1, minutes=10.0, table=None):
    """`rows`, `splits` and `trained` side by side in `folder`."""
    spec = spec or spec_of()
    rows = extracted(folder / "rows", spec, table if table is not None else log())
    preprocess(spec, rows, folder / "splits", progress=quiet)
    train(
        spec,
        folder / "splits",
        rows,
        folder / "trained",
        trials=trials,
        minutes=minutes,
        threads=threads,
        progress=quiet,
    )
    return folder


@functools.cache
def _trained_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="kamado-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return train_into(folder)


def small_run(folder):
    """A copy of one trained run: `rows`, `splits`, `trained/bundle`, …"""
    shutil.copytree(_trained_once(), folder, dirs_exist_ok=True)
    return folder


def small_bundle(folder):
    """A copy of one trained bundle as `folder`."""
    shutil.copytree(_trained_once() / "trained" / "bundle", folder)
    return folder
