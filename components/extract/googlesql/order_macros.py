"""Checks of orders as DuckDB macros: a query fails where tied rows would decide its answer."""

TIED = "rows are tied in an order"
# {best} is max or min. Tied rows have one value when the greatest and the least hash of their values are the same one.
# When arg_max and arg_max_null differ, the value of the best row is NULL.
BY = """CASE
    WHEN ({best}({{'y': y, 'h': hash(x)}}) FILTER (WHERE y IS NOT NULL)).h
        <> ~(({best}({{'y': y, 'h': ~hash(x)}}) FILTER (WHERE y IS NOT NULL)).h)
    THEN error('{TIED}: {BEST}_BY takes any of them')
    WHEN arg_{best}(x, y) IS NOT DISTINCT FROM arg_{best}_null(x, y) THEN arg_{best}(x, y)
    ELSE error('{BEST}_BY may return its NULL or skip it: put IFNULL around its value, or use ROW_NUMBER') END"""
SEVERAL = "ANY_VALUE has several values"
ANY = f"CASE WHEN min(hash(x)) <> max(hash(x)) THEN error('{SEVERAL}') ELSE any_value(x) END"
# `pairs` have the key k of the order and the value v, and come in this order; the first n of them are taken, or all.
# In a list of one they are computed once, however often they are named.
LIST = f"""list_transform([pairs], lambda l: CASE
    WHEN len(list_filter(range(1, len(l)), lambda i: l[i].k IS NOT DISTINCT FROM l[i + 1].k
        AND l[i].v IS DISTINCT FROM l[i + 1].v
        AND (n IS NULL OR i <= n OR l[i].k IS NOT DISTINCT FROM l[CAST(n AS BIGINT)].k))) > 0
    THEN error('{TIED}') ELSE list_transform(list_slice(l, 1, coalesce(n, len(l))), lambda p: p.v) END)[1]"""
# `peers` rows have the rank `rank` of this row in the order; `number` is the row's own number.
UNTIED = {
    "bq_untied(x, peers)": f"CASE WHEN peers > 1 THEN error('{TIED}') ELSE x END",
    "bq_untied_until(x, rank, peers, n)": f"""CASE
        WHEN rank <= n AND rank + peers - 1 > n THEN error('{TIED}') ELSE x END""",
    "bq_limit(number, rank, peers, skipped, n)": f"""CASE
        WHEN rank <= skipped AND rank + peers - 1 > skipped THEN error('{TIED}')
        WHEN rank <= skipped + n AND rank + peers - 1 > skipped + n THEN error('{TIED}')
        ELSE number > skipped AND number <= skipped + n END""",
    "bq_max_by(x, y)": BY.format(best="max", BEST="MAX", TIED=TIED),
    "bq_min_by(x, y)": BY.format(best="min", BEST="MIN", TIED=TIED),
    "bq_any(x)": ANY,
    "bq_pair(k, v)": "{'k': k, 'v': v}",
    "bq_untied_list(pairs, n)": LIST,
}
