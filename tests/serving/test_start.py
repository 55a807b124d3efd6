import dataclasses
import shutil
import signal
import socket

import pytest

from model.bundle.bundle import load, write
from model.bundle.folder import BOOSTER, GOLDEN
from model.bundle.golden import GoldenRow
from tests.serving.process import refused, running


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "bundle")


def message(folder, **settings):
    ended = refused(KAMADO_BUNDLE=str(folder), **settings)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Traceback" not in ended.stderr
    return ended.stderr


def rewritten(bundle, folder, **changes):
    """The bundle again, with consistent digests around what was changed."""
    old = dataclasses.replace(load(bundle), **changes)
    write(folder, old.manifest, old.booster, old.golden)
    return folder


def test_one_line_tells_address_model_and_digest(server, bundle):
    found = load(bundle)
    proof = f"({len(found.golden)} golden rows as stored)"
    assert server.line == f"{server.url} serves rent-conversion {found.digest} {proof}\n"


def test_a_flipped_byte_is_refused_by_the_name_of_its_file(copy):
    data = bytearray((copy / BOOSTER).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / BOOSTER).write_bytes(data)
    assert f"{BOOSTER}: does not match its declared sha256" in message(copy)


def test_missing_files_are_all_named(copy):
    (copy / BOOSTER).unlink()
    (copy / GOLDEN).unlink()
    told = message(copy)
    assert f"{BOOSTER}: is missing" in told
    assert f"{GOLDEN}: is missing" in told


def test_a_folder_that_is_not_there_is_named(tmp_path):
    assert f"{tmp_path / 'none'}: is missing" in message(tmp_path / "none")


def test_golden_rows_that_come_out_otherwise_are_told_with_the_largest_difference(bundle, tmp_path):
    rows = load(bundle).golden
    wrong = GoldenRow(input=rows[3].input, probability=0.75)
    told = message(rewritten(bundle, tmp_path / "b", golden=(*rows[:3], wrong, *rows[4:])))
    assert f"{GOLDEN}: 1 of {len(rows)} rows do not come out as stored; the largest difference is 0.7" in told
    assert f"in row 3: {rows[3].probability!r}, stored 0.75" in told
    assert "Train the bundle again" in told


def test_a_bundle_without_golden_rows_proves_nothing(bundle, tmp_path):
    assert f"{GOLDEN}: holds no rows" in message(rewritten(bundle, tmp_path / "b", golden=()))


def test_golden_rows_of_other_columns_are_refused(bundle, tmp_path):
    other = (GoldenRow(input={"rent": 1.0}, probability=0.5),)
    assert "cannot be scored (KeyError: 'model_config')" in message(rewritten(bundle, tmp_path / "b", golden=other))


def test_a_booster_that_is_none_is_refused(bundle, tmp_path):
    assert "cannot be scored (XGBoostError" in message(rewritten(bundle, tmp_path / "b", booster=b"{}"))


def test_a_taken_port_is_told_with_the_way_out(bundle):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = message(bundle, KAMADO_PORT=str(port))
    assert f"KAMADO_PORT: cannot listen on 127.0.0.1:{port} (Address already in use)" in told
    assert f"choose another: KAMADO_PORT={port + 1}" in told


def test_a_host_that_is_none_is_told(bundle):
    assert "KAMADO_HOST: is 'no such host', which is no address" in message(bundle, KAMADO_HOST="no such host")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_was_asked_for_is_a_success(bundle, number):
    with running(bundle) as server:
        server.process.send_signal(number)
        assert server.process.wait(30) == 0
