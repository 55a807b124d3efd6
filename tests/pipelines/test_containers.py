"""What the containers of a run see of this machine."""

import os

import pytest

from pipelines.local.containers import Containers
from pipelines.local.steps_image import StepsImage

IMAGE = StepsImage("kamado/component@sha256:0", "sha256:0", "")
SECRET = {"AWS_SECRET_ACCESS_KEY": "not for a file"}


def containers(tmp_path, *inputs, **environ):
    run = tmp_path / "out" / "runs" / "000001"
    cache = tmp_path / "cache"
    return Containers.of_run(IMAGE, run, out=tmp_path / "out", cache=cache, inputs=inputs, environ=environ)


@pytest.mark.parametrize("form", ["{}", "duckdb:{}", "oci:{}", "oci:{}:server-1"])
def test_an_input_in_a_folder_can_be_read_and_not_written(tmp_path, form):
    folder = tmp_path / "a folder"
    folder.mkdir()
    settings = containers(tmp_path, form.format(folder))
    assert str(folder) in settings.read_only
    assert settings.writable == (str(tmp_path / "out"), str(tmp_path / "cache"))


@pytest.mark.parametrize("address", ["", "bigquery:project@EU", "registry://127.0.0.1:5000/kamado", "host/base:tag"])
def test_an_input_elsewhere_needs_no_folder(tmp_path, address):
    assert containers(tmp_path, address).read_only == containers(tmp_path).read_only


def test_keys_are_seen_under_their_own_paths(tmp_path):
    key = tmp_path / "key.pem"
    key.touch()
    settings = containers(tmp_path, KAMADO_SIGNING_KEY=str(key))
    assert str(key) in settings.read_only
    assert settings.environment_from({})["KAMADO_SIGNING_KEY"] == str(key)


def test_values_of_the_environment_reach_the_steps_and_no_file(tmp_path):
    settings = containers(tmp_path, **SECRET)
    settings.write(tmp_path / "containers.json")
    assert SECRET["AWS_SECRET_ACCESS_KEY"] not in (tmp_path / "containers.json").read_text()
    read = Containers.read(tmp_path / "containers.json")
    assert read == settings
    assert SECRET.items() <= read.environment_from(SECRET).items()


def test_what_they_write_belongs_to_the_user_who_runs_them(tmp_path):
    assert containers(tmp_path).user == f"{os.getuid()}:{os.getgid()}"
