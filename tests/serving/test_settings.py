from pathlib import Path

import pytest

from serving.server import main
from serving.settings import ServerLimits, Settings, SettingsError
from tests.serving.process import refused


def test_what_is_not_set_has_a_default():
    settings = Settings.read({"KAMADO_BUNDLE": "out/bundle", "KAMADO_PORT": ""})
    assert settings == Settings(bundle=Path("out/bundle"), host="127.0.0.1", port=8080, limits=ServerLimits())


def test_what_is_set_is_read():
    variables = {"KAMADO_HOST": "0.0.0.0", "KAMADO_PORT": "81", "KAMADO_CONCURRENCY": "3", "KAMADO_MAX_ROWS": "7"}
    variables |= {
        "KAMADO_SECONDS": "4",
        "KAMADO_DRAIN_SECONDS": "5",
        "KAMADO_LOG": "json",
        "KAMADO_PREDICTION_LOG": "p",
    }
    settings = Settings.read({"KAMADO_BUNDLE": "b", "KAMADO_MAX_BYTES": "5000", **variables})
    limits = ServerLimits(concurrency=3, max_rows=7, max_bytes=5000, seconds=4)
    assert settings == Settings(
        bundle=Path("b"), host="0.0.0.0", port=81, limits=limits, drain_seconds=5, log="json", prediction_log="p"
    )


def test_all_problems_are_listed_at_once_with_variable_value_and_example():
    with pytest.raises(SettingsError) as refusal:
        Settings.read({"KAMADO_PORT": "http", "KAMADO_CONCURRENCY": "0", "KAMADO_MAX_ROWS": "-1", "KAMADO_LOG": "xml"})
    assert str(refusal.value).splitlines() == [
        "the settings were refused, 5 problem(s):",
        "  [setting-missing] KAMADO_BUNDLE: is not set. It names the folder of a trained model. "
        "Example: KAMADO_BUNDLE=out/bundle",
        "  [setting-value] KAMADO_PORT: is 'http', not a whole number. Example: KAMADO_PORT=8080",
        "  [setting-value] KAMADO_CONCURRENCY: is 0, outside 1 to 10000. Example: KAMADO_CONCURRENCY=32",
        "  [setting-value] KAMADO_MAX_ROWS: is '-1', not a whole number. Example: KAMADO_MAX_ROWS=5000",
        "  [setting-value] KAMADO_LOG: is 'xml'. It is one of text, json, requests",
    ]


@pytest.mark.parametrize("text", ["65536", "9" * 5000, "٣", "8080.0", " 8080"])
def test_a_port_is_a_whole_number_in_its_range(text):
    with pytest.raises(SettingsError, match="KAMADO_PORT"):
        Settings.read({"KAMADO_BUNDLE": "b", "KAMADO_PORT": text})


def test_the_port_that_kubernetes_sets_for_a_service_is_explained():
    with pytest.raises(SettingsError, match="enableServiceLinks: false"):
        Settings.read({"KAMADO_BUNDLE": "b", "KAMADO_PORT": "tcp://10.0.0.1:8080"})


def test_the_server_prints_its_settings_problems_and_exits_with_1():
    """As a process of its own, once: the other refusals are read from `main`."""
    ended = refused(KAMADO_PORT="x")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "KAMADO_BUNDLE: is not set" in ended.stderr
    assert "KAMADO_PORT: is 'x'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_lists_every_setting_and_other_arguments_are_refused(capsys):
    statuses, texts = [], []
    for argument in ("--help", "out/bundle"):
        statuses.append(main([argument], {}))
        texts.append(capsys.readouterr().out)
    assert statuses == [0, 2]
    assert texts[0] == texts[1]
    for name in (
        "BUNDLE",
        "HOST",
        "PORT",
        "CONCURRENCY",
        "MAX_ROWS",
        "MAX_BYTES",
        "SECONDS",
        "DRAIN_SECONDS",
        "LOG",
        "PREDICTION_LOG",
    ):
        assert f"KAMADO_{name} " in texts[0]
