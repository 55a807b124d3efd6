import dataclasses
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from model.bundle.bundle import load, write
from model.bundle.folder import BOOSTER, GOLDEN
from model.bundle.golden import GoldenRow
from model.kernel.library import ENDING
from model.kernel.sources import FOLDER, kernel_sources
from serving.server import main
from tests.serving.process import ROOT, running


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "bundle")


@pytest.fixture
def message(capsys):
    """What a server prints that does not start."""

    def start(folder, **settings):
        assert main([], {"KAMADO_BUNDLE": str(folder), "KAMADO_PORT": "0", **settings}) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return start


def rewritten(bundle, folder, **changes):
    """The bundle again, with consistent digests around what was changed."""
    old = dataclasses.replace(load(bundle), **changes)
    write(folder, old.manifest, old.booster, old.golden)
    return folder


def test_one_line_has_address_model_and_digest(server, bundle):
    stored = load(bundle)
    verified = f"({len(stored.golden)} golden rows reproduced)"
    assert server.line == f"{server.url} serves rent-conversion {stored.digest} {verified}\n"


def test_a_flipped_byte_is_refused_by_the_name_of_its_file(copy, message):
    data = bytearray((copy / BOOSTER).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / BOOSTER).write_bytes(data)
    assert f"{BOOSTER}: does not match its declared sha256" in message(copy)


def test_missing_files_are_all_named(copy, message):
    (copy / BOOSTER).unlink()
    (copy / GOLDEN).unlink()
    text = message(copy)
    assert f"{BOOSTER}: is missing" in text
    assert f"{GOLDEN}: is missing" in text


def test_a_folder_that_does_not_exist_is_named(tmp_path, message):
    assert f"{tmp_path / 'none'}: is missing" in message(tmp_path / "none")


def test_golden_rows_that_differ_are_reported_with_the_largest_difference(bundle, tmp_path, message):
    rows = load(bundle).golden
    wrong = GoldenRow(input=rows[3].input, probability=0.75)
    text = message(rewritten(bundle, tmp_path / "b", golden=(*rows[:3], wrong, *rows[4:])))
    assert (
        f"{GOLDEN}: 1 of {len(rows)} rows differ from their stored probability; the largest difference is 0.7" in text
    )
    assert f"in row 3: {rows[3].probability!r}, stored 0.75" in text
    assert "Train the bundle again" in text


def test_a_bundle_without_golden_rows_is_refused(bundle, tmp_path, message):
    assert f"{GOLDEN}: has no rows" in message(rewritten(bundle, tmp_path / "b", golden=()))


def test_golden_rows_of_other_columns_are_refused(bundle, tmp_path, message):
    other = (GoldenRow(input={"rent": 1.0}, probability=0.5),)
    assert "cannot be scored (KeyError: 'model_config')" in message(rewritten(bundle, tmp_path / "b", golden=other))


def test_a_file_that_is_not_a_booster_is_refused(bundle, tmp_path, message):
    assert "cannot be scored (XGBoostError" in message(rewritten(bundle, tmp_path / "b", booster=b"{}"))


WITHOUT_ENGINES = """
import sys
sys.modules["xgboost"] = None
sys.prefix = "/nowhere"
from model.kernel.library import ENDING
from model.kernel.sources import FOLDER, kernel_sources
from serving.server import main
sys.exit(main([], {"KAMADO_BUNDLE": sys.argv[1], "KAMADO_PORT": "0"}))
"""


def test_a_server_that_nothing_can_score_for_does_not_start(bundle):
    """Of a Python without XGBoost, and without a kernel in its environment or beside its sources."""
    if FOLDER.joinpath(kernel_sources().library_name(ENDING)).exists():
        pytest.skip("a kernel is beside its sources")
    command = [sys.executable, "-c", WITHOUT_ENGINES, str(bundle)]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 1
    assert "[engine-none] booster.ubj: cannot be scored by the kernel (there is no kernel-" in refused.stderr


def test_a_port_in_use_is_reported_with_another(bundle, message):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        text = message(bundle, KAMADO_PORT=str(port))
    assert f"KAMADO_PORT: cannot listen on 127.0.0.1:{port} (Address already in use)" in text
    assert f"choose another port: KAMADO_PORT={port + 1}" in text


def test_an_unknown_host_is_reported(bundle, message):
    assert "KAMADO_HOST: is 'no such host', which is not an address" in message(bundle, KAMADO_HOST="no such host")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_requested_stop_is_a_success(bundle, number):
    with running(bundle) as server:
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
