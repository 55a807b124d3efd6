"""How a run without an image ends."""

import pytest

from artifacts.verdict import Bootstrap, Reason, Verdict
from components.conclude.conclude import NotPromoted, conclude

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
        conclude(evaluation(tmp_path, outcome), outcome)
    (problem,) = refusal.value.problems
    assert (problem.where, problem.problem, problem.code) == ("beats constant", "Worse.", f"verdict-{outcome}")


@pytest.mark.parametrize("outcome", ["hold", "insufficient-data"])
def test_too_little_evidence_prints_the_reasons_and_the_run_succeeds(tmp_path, outcome, capsys):
    conclude(evaluation(tmp_path, outcome), outcome)
    assert capsys.readouterr().out == f"no image was built: {outcome}\n  beats constant: Worse.\n"
