import numpy as np
import pytest

from components.evaluate.metrics import ranking


def pages(lists=60, size=8, seed=2):
    random = np.random.default_rng(seed)
    rows = lists * size
    number, position = np.repeat(np.arange(lists), size), np.tile(np.arange(1, size + 1), lists)
    mixed = random.permutation(rows)
    return number[mixed], position[mixed], random.normal(size=rows), (random.uniform(size=rows) < 0.2).astype(float)


def test_ranks_count_from_the_highest_score_of_each_list():
    lists = np.array([0, 1, 0, 1, 0])
    assert list(ranking.ranks(lists, np.array([0.1, 5.0, 0.9, 7.0, 0.5]))) == [3, 2, 1, 1, 2]


def test_equal_scores_do_not_keep_the_logged_order():
    lists, logged = np.repeat(np.arange(300), 10), np.tile(np.arange(1, 11), 300)
    new = ranking.positions_by_score(lists, logged, np.zeros(3_000))
    assert np.corrcoef(logged, new)[0, 1] == pytest.approx(0, abs=0.06)


def test_a_second_page_stays_a_second_page():
    logged = np.array([21, 22, 24])
    assert list(ranking.positions_by_score(np.zeros(3, int), logged, np.array([0.1, 0.2, 0.3]))) == [24, 22, 21]


def test_ordering_by_the_logged_position_changes_nothing():
    lists, logged, _, _ = pages()
    assert (ranking.positions_by_score(lists, logged, -logged.astype(float)) == logged).all()


def test_group_auc_is_the_weighted_mean_over_lists_with_both_classes():
    from sklearn.metrics import roc_auc_score

    lists, _, score, label = pages()
    values, weights = [], []
    for number in range(60):
        rows = lists == number
        if 0 < label[rows].sum() < rows.sum():
            values.append(roc_auc_score(label[rows], score[rows]))
            weights.append(rows.sum())
    auc, count = ranking.group_auc(lists, label, ranking.ranks(lists, score))
    assert auc == pytest.approx(np.average(values, weights=weights))
    assert count == len(values)
    assert np.isnan(ranking.group_auc(lists, np.zeros(len(lists)), ranking.ranks(lists, score))[0])


def test_ndcg_and_mrr_of_a_page_done_by_hand():
    label, rank = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1, 2, 3, 4])
    logged = ranking.logged_agreement(np.zeros(4, int), label, rank)
    ideal = 1 + 1 / np.log2(3)
    assert logged.ndcg_at_10 == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / ideal)
    assert logged.mrr == 0.5
    assert logged.conversions_at_10 == 1
    assert logged.lists == 1


def test_what_moved_counts_pairs_and_lists():
    lists, logged = np.zeros(4, int), np.array([1, 2, 3, 4])
    turned = ranking.moved(lists, logged, np.array([4, 3, 2, 1]))
    assert (turned.kendall_tau, turned.lists_changed) == (-1, 1)
    one_swap = ranking.moved(lists, logged, np.array([2, 1, 3, 4]))
    assert one_swap.kendall_tau == pytest.approx(2 / 3)
    same = ranking.moved(lists, logged, logged)
    assert (same.kendall_tau, same.top_10_overlap, same.lists_changed) == (1, 1, 0)


def test_the_overlap_of_top_tens():
    logged = np.arange(1, 13)
    new = logged.copy()
    new[[0, 11]] = new[[11, 0]]
    assert ranking.moved(np.zeros(12, int), logged, new).top_10_overlap == pytest.approx(0.9)


def test_gini_of_even_and_of_lonely_attention():
    assert ranking.gini(np.ones(50)) == pytest.approx(0)
    assert ranking.gini(np.r_[np.zeros(99), 1.0]) == pytest.approx(0.99)
    assert np.isnan(ranking.gini(np.zeros(3)))
