"""How a run ends."""

import pytest

from artifacts.refusal import Refusal
from artifacts.verdict import Bootstrap, Reason, Verdict
from components.conclude.conclude import NotPromoted, conclude
from model.errors import DataError, Problem

REASONS = (
    Reason(rule="conversions", measured=1_000.0, bound=">= 200", passed=True, message="Enough."),
    Reason(rule="beats constant", measured=-0.1, bound="interval above 0", passed=False, message="Worse."),
)


def evaluation(folder, outcome):
    Verdict(
        verdict=outcome,
        reasons=REASONS,
        metrics={},
        bundle="sha256:" + "a" * 64,
        champion=None,
        spec_sha256="b" * 64,
        sql_sha256="c" * 64,
        test_rows_sha256="d" * 64,
        bootstrap=Bootstrap(seed=7, draws=1000),
    ).with_checksum().write(folder)
    return folder


@pytest.mark.parametrize("outcome", ["reject", "invalid"])
def test_a_bad_model_fails_the_run_with_the_rules_that_did_not_pass(tmp_path, outcome):
    with pytest.raises(NotPromoted) as refusal:
        conclude(outcome, evaluation(tmp_path, outcome), tmp_path)
    (problem,) = refusal.value.problems
    assert (problem.where, problem.problem, problem.code) == ("beats constant", "Worse.", f"verdict-{outcome}")


@pytest.mark.parametrize("outcome", ["hold", "insufficient-data"])
def test_too_little_evidence_prints_the_reasons_and_the_run_succeeds(tmp_path, outcome, capsys):
    conclude(outcome, evaluation(tmp_path, outcome), tmp_path)
    assert capsys.readouterr().out == f"no image was built: {outcome}\n  beats constant: Worse.\n"


def test_a_refusal_ends_the_run_red_with_the_problems_of_the_step_that_refused(tmp_path, capsys):
    (tmp_path / "image").mkdir()
    problem = Problem("rent", "is a text", "Cast it in the SQL", "column-not-number")
    Refusal.of("preprocess", DataError(problem)).write(tmp_path / "image")
    log = tmp_path / "termination-log"
    log.touch()
    with pytest.raises(NotPromoted) as refusal:
        conclude("refused", tmp_path, tmp_path / "image", termination_log=log)
    assert log.read_text().startswith("preprocess: the data was refused, 1 problem(s):\n  [column-not-number] rent: ")
    assert log.read_text() in capsys.readouterr().out
    assert refusal.value.problems == (problem,)
    assert not refusal.value.final, "a step that passed it on would be green"


def test_the_reason_stands_where_kubernetes_reads_it(tmp_path):
    log = tmp_path / "termination-log"
    log.touch()
    with pytest.raises(NotPromoted):
        conclude("reject", evaluation(tmp_path, "reject"), tmp_path, termination_log=log)
    assert "beats constant: Worse." in log.read_text()
    conclude("hold", evaluation(tmp_path, "hold"), tmp_path, termination_log=log)
    assert log.read_text() == "no image was built: hold\nbeats constant: Worse."
