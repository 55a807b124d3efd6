"""The team draft against every fall of the coins."""

from itertools import permutations, product

import numpy as np
import pytest

from model.interleaving import coins, team_draft


def every_page(order_a, order_b):
    """Pages of two orders for every fall of the coins, all equally likely."""
    falls = np.array(list(product([False, True], repeat=(len(order_a) + 1) // 2)))
    return team_draft(np.tile(order_a, (len(falls), 1)), np.tile(order_b, (len(falls), 1)), falls)


def by_hand(order_a, order_b, falls):
    """The published algorithm, word for word: (items, of B)."""
    page, teams, falls = [], [], iter(falls)
    while len(page) < len(order_a):
        a, b = teams.count(False), teams.count(True)
        of_b = b < a or (a == b and bool(next(falls)))
        page.append(next(item for item in (order_b if of_b else order_a) if item not in page))
        teams.append(of_b)
    return page, teams


@pytest.mark.parametrize("items", [1, 2, 3, 4, 5])
def test_pages_are_those_of_the_published_algorithm(items):
    for order_b in permutations(range(items)):
        falls = list(product([False, True], repeat=(items + 1) // 2))
        draft = every_page(np.arange(items), np.array(order_b))
        for page, fall in enumerate(falls):
            expected = by_hand(list(range(items)), list(order_b), fall)
            assert (draft.item[page].tolist(), draft.of_b[page].tolist()) == expected


@pytest.mark.parametrize("items", [2, 3, 4, 5])
def test_each_team_has_each_place_half_of_the_time(items):
    for order_b in permutations(range(items)):
        assert np.all(every_page(np.arange(items), np.array(order_b)).of_b.mean(axis=0) == 0.5)


def test_all_of_a_page_of_equal_orders_is_contested():
    draft = every_page(np.array([2, 0, 1, 3]), np.array([2, 0, 1, 3]))
    assert draft.contested.all()
    assert np.all(draft.item == [2, 0, 1, 3])


@pytest.mark.parametrize("items", [3, 4, 5])
def test_contested_items_give_both_teams_the_same(items):
    """Whatever converts where: the mean of B's credit less A's is the same without them, on every pair of orders."""
    worth = np.random.default_rng(3).random((items, items))  # of item and place
    for order_b in permutations(range(items)):
        draft = every_page(np.arange(items), np.array(order_b))
        value = worth[draft.item, np.arange(items)] * np.where(draft.of_b, 1, -1)
        without = (value * ~draft.contested).sum(axis=1)
        assert without.mean() == pytest.approx(value.sum(axis=1).mean(), abs=1e-12)


def test_an_item_is_contested_only_where_the_coin_alone_gave_its_team():
    draft = team_draft(np.array([[0, 1, 2, 3]]), np.array([[0, 2, 1, 3]]), np.array([[False, True]]))
    assert draft.item.tolist() == [[0, 2, 1, 3]]
    assert draft.of_b.tolist() == [[False, True, True, False]]
    assert draft.contested.tolist() == [[True, False, True, True]]


def test_an_item_of_the_same_rank_in_both_orders_is_not_always_contested():
    """The third item of both is B's whatever the coins do: A's second is still there when B comes to it."""
    draft = every_page(np.array([0, 1, 2, 3, 4]), np.array([3, 0, 2, 4, 1]))
    of_third = draft.item == 2
    assert draft.of_b[of_third].all()
    assert not draft.contested[of_third].any()


def test_a_short_page_is_the_start_of_a_long_one():
    random = np.random.default_rng(5)
    orders = [np.argsort(random.random((50, 9)), axis=1) for _ in range(2)]
    tossed = coins(random, 50, 9)
    short, whole = team_draft(*orders, tossed, places=4), team_draft(*orders, tossed)
    assert short.item.shape == (50, 4)
    for part, of_whole in zip(vars(short).values(), vars(whole).values(), strict=True):
        assert np.array_equal(part, of_whole[:, :4])


def test_an_item_is_at_most_at_twice_its_better_rank():
    random = np.random.default_rng(6)
    order_a, order_b = (np.argsort(random.random((500, 12)), axis=1) for _ in range(2))
    item = team_draft(order_a, order_b, coins(random, 500, 12)).item
    ranks = [np.take_along_axis(np.argsort(order, axis=1), item, 1) + 1 for order in (order_a, order_b)]
    assert np.all(np.arange(1, 13) <= 2 * np.minimum(*ranks))


def test_coins_are_fair_and_those_of_the_seed():
    first, again = (coins(np.random.default_rng(1), 4_000, 5) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.shape == (4_000, 3)
    assert abs(first.mean() - 0.5) < 0.02


@pytest.mark.parametrize("order", [[[0, 1, 1]], [[0, 1]], [[1, 2, 3]]])
def test_orders_of_other_items_are_refused(order):
    with pytest.raises(ValueError, match="not of the same items"):
        team_draft(np.array([[0, 1, 2]]), np.array(order), np.zeros((1, 2), bool))
