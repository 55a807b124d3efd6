"""The bench of the choice of rules in small: what it says of the level alone, of a worse order and of the clip."""

import numpy as np
import pytest

from bench import rules


def shares(line):
    return [float(word.rstrip("%")) / 100 for word in line.split() if word.endswith("%")]


def test_a_level_alone_beats_a_stale_constant_and_no_order_rule():
    passed = [rules._against_constant(800, 1, *rules.MODELS["the level alone"], log) for log in range(20)]
    none, apart, together, best, shifted = np.mean(passed, axis=0)
    assert none > 0.8
    assert max(apart, together, best, shifted) <= 0.1


def test_a_model_that_knows_a_little_is_found_by_its_auc_first():
    passed = [rules._against_constant(800, 5, *rules.MODELS["little"], log) for log in range(20)]
    none, _, together, best, shifted = np.mean(passed, axis=0)
    assert together >= none - 0.1
    assert together > max(best, shifted)


def test_a_worse_order_beats_a_stale_champion_by_its_level():
    beaten, saving, error = zip(*(rules._against_champion(800, 0.4, log) for log in range(20)), strict=True)
    assert np.mean(beaten) > 0.7
    assert np.mean(saving) < -2 * np.mean(error)


@pytest.mark.parametrize("kind", ["first", "equal"])
def test_conversions_are_drawn_as_the_logged_order_has_them(kind):
    page = rules._Page.of(kind, 20, 4_000, 1.0)
    logged, new = page.converted(20_000)
    assert rules._Lift.of(logged, new, np.inf, page.truth).value == pytest.approx(page.truth, abs=0.05)
    assert (page.truth > 0.3) == (kind == "first")


def test_the_tables_have_a_line_for_each_case():
    constant, champion, clip = (
        list(table(1)) for table in (rules.constant_table, rules.champion_table, rules.clip_table)
    )
    assert [len(table) for table in (constant, champion, clip)] == [21, 13, 24]
    assert all(0 <= share <= 1 for line in constant[1:] + champion[1:] for share in shares(line)[-4:])
