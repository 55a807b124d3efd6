"""What changes about an item from page to page: the features that the rows of a stratum must have alike.

A hotel has another price in every search, and stands higher where the price is good. Its rows at several positions are
then no more alike than those of different hotels, unless the price is the same.
"""

import math

import duckdb

from model.spec.types import Spec

CHANGES = 0.05  # share of a feature's variance within an item and week, from which on it is context
EDGES = [index / 10 for index in range(1, 10)]  # of a number's bins: deciles
SAMPLE = 100_000  # rows that the edges are of


def context(connection: duckdb.DuckDBPyConnection, spec: Spec, rows: str) -> list[str]:
    """SQL expressions whose values the rows of a stratum share. `rows` is a view with item, week and the features, by
    their aliases."""
    alias = aliases(spec)
    numbers = [alias[name] for name, feature in spec.features.items() if feature.kind == "number"]
    bins = _bins(connection, numbers, rows)
    texts = [f"coalesce(cast({name} as varchar), '')" for name in alias.values() if name not in numbers]
    shares = [*_spreads(connection, bins, rows), *(_mixture(connection, text, rows) for text in texts)]
    return [code for code, share in zip([*bins, *texts], shares, strict=True) if share > CHANGES]


def aliases(spec: Spec) -> dict[str, str]:
    """What the view calls each feature: one may be named as the view names a role."""
    return {name: f"feature_{number}" for number, name in enumerate(spec.features)}


def _bins(connection: duckdb.DuckDBPyConnection, names: list[str], rows: str) -> list[str]:
    """Each number as that of its bin; a missing one has a bin of its own."""
    if not names:
        return []
    quantiles = ", ".join(f"quantile_disc({name}::double, {EDGES})" for name in names)
    every = f"greatest(1, (select count(*) from {rows}) // {SAMPLE})"
    edges = connection.execute(f"select {quantiles} from {rows} where number % {every} = 0").fetchone() or ()
    finite = [sorted({edge for edge in own or () if math.isfinite(edge)}) for own in edges]  # SQL has no others
    return [_bin(name, own) for name, own in zip(names, finite, strict=True)]


def _bin(name: str, edges: list[float]) -> str:
    """How many edges a number is above."""
    above = " + ".join(f"({name}::double > {edge!r})::int" for edge in edges) or "0"
    return f"coalesce({above}, -1)"


def _spreads(connection: duckdb.DuckDBPyConnection, codes: list[str], rows: str) -> list[float]:
    """Of each number the share of its variance that is within an item and week."""
    if not codes:
        return []
    within = ", ".join(f"var_samp({code}) as v{index}" for index, code in enumerate(codes))
    mean = ", ".join(f"sum((n - 1) * v{index}) / sum(n - 1)" for index in range(len(codes)))
    groups = f"select count(*) as n, {within} from {rows} group by item, week having count(*) > 1"
    inside = connection.execute(f"select {mean} from ({groups})").fetchone() or ()
    overall = connection.execute(f"select {', '.join(f'var_pop({code})' for code in codes)} from {rows}").fetchone()
    return [_ratio(*pair) for pair in zip(inside, overall or (), strict=True)]


def _mixture(connection: duckdb.DuckDBPyConnection, code: str, rows: str) -> float:
    """The share of pairs of rows with two values: within an item and week, over that of all pairs."""
    row = connection.execute(
        f"with counts as (select item, week, {code} as code, count(*) as n from {rows} group by all), "
        "strata as (select sum(n) as n, sum(n * n) as same from counts group by item, week having sum(n) > 1) "
        "select (select sum(n * n - same) / sum(n * (n - 1)) from strata), "
        "(select 1 - sum(n * n) / any_value((select sum(n) ** 2 from counts)) "
        "from (select sum(n) as n from counts group by code))"
    ).fetchone()
    return _ratio(*(row or (None, None)))


def _ratio(within: float | None, overall: float | None) -> float:
    return float(within) / float(overall) if within and overall else 0.0
