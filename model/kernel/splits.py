"""The splits of all trees, by column: what a row must be asked once, however many nodes ask it.

A column is a feature, for numbers together with the side that missing values go to. Its splits have numbers that follow
each other, so that the answers of a row are a run of ones (numbers) or a row of a table (categories).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.booster.trees import LEAF, BoosterTrees, UnreadableTrees
from model.kernel.structures import CATEGORY, COLUMN, GROUP, MOST_CODES, NUMBER

MOST_ANSWERS = 1_000_000_000  # of the splits on one feature to its codes; a byte each while the table is made


@dataclass(frozen=True)
class Splits:
    """`split` is each node's split, that of `none` at a leaf; columns, thresholds and table as kernel.h has them."""

    split: NDArray[np.uint32]
    words: int
    column: NDArray[np.void]
    threshold: NDArray[np.float32]
    table: NDArray[np.uint64]


def splits_of(trees: BoosterTrees) -> Splits:
    """Raises UnreadableTrees for sets of categories that are not of their nodes, and for a table beyond memory."""
    is_split = trees.left != LEAF
    if np.any(is_split & ((trees.feature < 0) | (trees.feature >= trees.features))):
        raise UnreadableTrees("a tree splits on a feature that the model does not have")
    if np.isnan(trees.value).any():
        raise UnreadableTrees("a tree has a threshold or a leaf that is not a number")
    split = np.zeros(len(trees.left), dtype=np.int64)
    numbers, threshold = _number_columns(trees, np.flatnonzero(is_split & ~trees.is_category), split)
    first = int(numbers["words"].sum())
    categories, table = _category_columns(trees, is_split, first, split)
    column = np.concatenate([numbers, categories])
    words = int(column["words"].sum()) + 1  # the last word is that of leaves
    if words > 1 << 25:
        raise UnreadableTrees(f"the trees have {words * 64:,} splits")
    split[~is_split] = (words - 1) * 64
    return Splits(split.astype(np.uint32), words, column, threshold, table)


def _number_columns(
    trees: BoosterTrees, nodes: NDArray[np.int64], split: NDArray[np.int64]
) -> tuple[NDArray[np.void], NDArray[np.float32]]:
    """Columns by feature and side, each with its distinct thresholds in ascending order. Fills in `split`."""
    key = trees.feature[nodes] * 2 + ~trees.default_left[nodes]
    value = trees.value[nodes]
    order = np.lexsort((value, key))
    nodes, key, value = nodes[order], key[order], value[order]
    new_key = np.diff(key, prepend=-1) != 0
    new = new_key | (np.concatenate([value[:1], value[:-1]]) != value)
    keys, thresholds = key[new_key], value[new]
    count = np.bincount(np.cumsum(new_key)[new] - 1, minlength=len(keys)).astype(np.int64)
    column = np.zeros(len(keys), COLUMN)
    column["feature"], column["missing_right"], column["kind"] = keys // 2, keys % 2, NUMBER
    column["count"], column["words"] = count, (count + 63) // 64
    lengths = (count // GROUP + 1) * GROUP
    first, first_word = np.cumsum(lengths) - lengths, np.cumsum(column["words"]) - column["words"]
    column["first"], column["first_word"] = first, first_word
    of_node = np.cumsum(new_key) - 1
    index = np.arange(len(thresholds)) - np.repeat(np.cumsum(count) - count, count)
    split[nodes] = 64 * first_word.astype(np.int64)[of_node] + index[np.cumsum(new) - 1]
    padded = np.full(int(lengths.sum()), np.nan, dtype=np.float32)
    padded[np.repeat(first, count) + index] = thresholds
    return column, padded


def _category_columns(
    trees: BoosterTrees, is_split: NDArray[np.bool_], first_word: int, split: NDArray[np.int64]
) -> tuple[NDArray[np.void], NDArray[np.uint64]]:
    """Columns by feature, with a table of all codes that a set names. Fills in `split`."""
    nodes, codes = trees.category_nodes, trees.categories
    if not np.array_equal(np.sort(nodes), np.flatnonzero(is_split & trees.is_category)):
        raise UnreadableTrees("the sets of categories are not those of the nodes that split on a category")
    if codes.size and (codes.min() < 0 or codes.max() >= MOST_CODES):
        raise UnreadableTrees("a set of categories holds a code out of range")
    of_node = trees.feature[nodes]
    of_code = np.repeat(of_node, trees.category_sizes)
    columns, tables, length = [], [np.zeros(0, dtype=np.uint64)], 0
    for feature in sorted(set(of_node.tolist())):  # np.unique would import numpy.ma, 3 MB in every server
        own = np.flatnonzero(of_node == feature)
        sets = _sets(codes[of_code == feature], trees.category_sizes[own], ~trees.default_left[nodes[own]])
        sets, index = _distinct(sets)
        table = _table(sets)
        split[nodes[own]] = 64 * first_word + index
        columns.append((feature, CATEGORY, 0, first_word, table.shape[1], sets.shape[1] - 2, length))
        tables.append(table.ravel())
        first_word, length = first_word + table.shape[1], length + table.size
    return np.array(columns, COLUMN), np.concatenate(tables)


def _sets(codes: NDArray[np.int64], sizes: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(splits, codes + 2): whether a code goes right, then any other code, which does not, then a missing value."""
    most = int(codes.max(initial=-1)) + 1
    if len(sizes) * (most + 2) > MOST_ANSWERS:
        raise UnreadableTrees(f"{len(sizes):,} splits on {most:,} categories are too many for a table")
    sets = np.zeros((len(sizes), most + 2), dtype=np.bool_)
    sets[np.repeat(np.arange(len(sizes)), sizes), codes] = True
    sets[:, -1] = missing
    return sets


def _distinct(sets: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Each set of few categories once, as they repeat; and the index of every split's set."""
    if sets.shape[1] > 64:
        return sets, np.arange(len(sets))
    padded = np.zeros((len(sets), 64), dtype=np.bool_)
    padded[:, : sets.shape[1]] = sets
    keys = np.packbits(padded, axis=1, bitorder="little").view(np.uint64).ravel()
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return sets[first], index


def _table(sets: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """(codes + 2, words): the answers of all splits to a code as bits."""
    words = (len(sets) + 63) // 64
    table = np.zeros((sets.shape[1], 8 * words), dtype=np.uint8)
    table[:, : (len(sets) + 7) // 8] = np.packbits(sets, axis=0, bitorder="little").T
    return table.view(np.uint64)
