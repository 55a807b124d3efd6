"""The work of extract + preprocess on the portal's tables, as one would write it in DuckDB's SQL by hand.

What bench/preprocess.py compares with: the same join, one Parquet file in between, the rules with their counts and
examples, rejected rows, duplicates, split, sampling by a hash of the row, one-column AUCs and files. Nothing of Kamado
is imported.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path

import duckdb

JOINED = """
SELECT i.shown_at, i.list_id, i.user_id, i.listing_id, i.position, i.explore,
    CASE WHEN o.inquired_at < i.shown_at + INTERVAL 7 DAY THEN 1 ELSE 0 END::TINYINT AS inquired,
    l.rent, l.area_m2, l.walk_minutes, l.building_age, l.floor, l.photos, l.deposit_months,
    date_diff('day', l.listed_on, i.shown_at::DATE) AS days_listed, l.layout, l.ward, l.building
FROM '{data}/impressions/*.parquet' i JOIN '{data}/listings/*.parquet' l USING (listing_id)
LEFT JOIN (
    SELECT list_id, listing_id, min(inquired_at) AS inquired_at FROM '{data}/inquiries/*.parquet' GROUP BY ALL
) o ON o.list_id = i.list_id AND o.listing_id = i.listing_id
"""
RULES = {
    "missing": "shown_at IS NULL OR list_id IS NULL",
    "rent": "rent < 10000 OR rent > 3000000",
    "area": "area_m2 < 5 OR area_m2 > 500",
    "rent per m2": "rent / nullif(area_m2, 0) < 500 OR rent / nullif(area_m2, 0) > 20000",
}
END = "TIMESTAMP '2026-07-01' - INTERVAL 7 DAY"
TEST = f"({END} - INTERVAL 14 DAY)"
CALIBRATION = f"({TEST} - INTERVAL 14 DAY)"
NUMBERS = ["rent", "area_m2", "walk_minutes", "building_age", "floor", "photos", "deposit_months", "days_listed"]
TEXTS = ("layout", "ward", "building")
PARQUET = "(FORMAT parquet, COMPRESSION zstd)"
# A feature's bins by the label's mean, learned on one half and ranked on the other.
AUC = """
WITH binned AS (SELECT inquired, row_key % 2 = 0 AS fitted, {bin} AS bin FROM '{out}/train.parquet'),
means AS (SELECT bin, avg(inquired) AS score FROM binned WHERE fitted GROUP BY bin),
scored AS (
    SELECT coalesce(score, 0) AS score, count(*) AS n, sum(inquired) AS positives
    FROM binned LEFT JOIN means USING (bin) WHERE NOT fitted GROUP BY 1
), ranked AS (SELECT *, sum(n) OVER (ORDER BY score) - (n - 1) / 2 AS rank FROM scored)
SELECT (sum(rank * positives) - sum(positives) * (sum(positives) + 1) / 2)
    / (sum(positives) * (sum(n) - sum(positives))) FROM ranked
"""


def main(data: Path) -> None:
    with duckdb.connect() as connection, tempfile.TemporaryDirectory(dir=data.parent) as out:
        connection.execute("SET TimeZone='UTC'; SET preserve_insertion_order=false; SET memory_limit='200MB'")
        connection.execute(f"SET temp_directory='{out}/spill'")
        rows = run(connection, data, out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "kilobytes": used.ru_maxrss, "rows": rows}))


def run(connection: duckdb.DuckDBPyConnection, data: Path, out: str) -> int:
    """The number of rows that the join has."""
    broken = " | ".join(f"(CASE WHEN {rule} THEN {1 << bit} ELSE 0 END)" for bit, rule in enumerate(RULES.values()))
    connection.execute(f"""COPY (
        SELECT *, hash(list_id, listing_id, shown_at) AS row_key, {broken} AS broken FROM ({JOINED.format(data=data)})
    ) TO '{out}/rows.parquet' (FORMAT parquet, COMPRESSION lz4_raw)""")
    rows = f"read_parquet('{out}/rows.parquet', file_row_number=true)"
    report(connection, rows, out)
    splits(connection, rows, out)
    aucs = {name: auc(connection, name, out) for name in (*NUMBERS, *TEXTS)}
    counted = "count(*), count(DISTINCT list_id), count(DISTINCT user_id)"
    counts = {
        name: connection.execute(f"SELECT {counted} FROM '{out}/{name}.parquet'").fetchone()
        for name in ("train", "calibration", "test")
    }
    Path(out, "split.json").write_text(json.dumps({"counts": counts, "aucs": aucs}))
    answer = connection.execute(f"SELECT count(*) FROM '{out}/rows.parquet'").fetchone()
    assert answer is not None  # an aggregate always answers
    return int(answer[0])


def report(connection: duckdb.DuckDBPyConnection, rows: str, out: str) -> None:
    """Rejected rows with the names of their rules, and how many each rule rejects, with examples."""
    names = ", ".join(f"CASE WHEN broken & {1 << bit} <> 0 THEN '{name}' END" for bit, name in enumerate(RULES))
    rejected = f"SELECT *, list_filter([{names}], lambda x: x IS NOT NULL) AS rules FROM {rows} WHERE broken <> 0"
    connection.execute(f"COPY ({rejected} ORDER BY row_key) TO '{out}/rejected.parquet' {PARQUET}")
    counts, examples = {}, {}
    for name in RULES:
        of_rule = f"FROM '{out}/rejected.parquet' WHERE list_contains(rules, '{name}')"
        counts[name] = connection.execute(f"SELECT count(*) {of_rule}").fetchone()
        shown = f"SELECT to_json(row) FROM (SELECT * {of_rule} ORDER BY row_key LIMIT 5) AS row"
        examples[name] = [json.loads(text) for (text,) in connection.execute(shown).fetchall()]
    Path(out, "rejections.json").write_text(json.dumps({"counts": counts, "examples": examples}))


def splits(connection: duckdb.DuckDBPyConnection, rows: str, out: str) -> None:
    """By time with the gaps, lists whole, users of a later split purged from an earlier one, each row once."""
    usable = f"SELECT * FROM {rows} WHERE broken = 0 AND shown_at < {END}"
    connection.execute(f"""CREATE TABLE copies AS SELECT unnest(numbers[2:]) AS file_row_number FROM (
        SELECT list(file_row_number) AS numbers FROM ({usable})
        SEMI JOIN (SELECT row_key FROM ({usable}) GROUP BY row_key HAVING count(*) > 1) USING (row_key)
        GROUP BY row_key)""")
    connection.execute(f"""CREATE TABLE lists AS SELECT list_id, any_value(user_id) AS user_id, CASE
        WHEN max(shown_at) < {CALIBRATION} - INTERVAL 7 DAY THEN 'train'
        WHEN min(shown_at) >= {TEST} THEN 'test'
        WHEN min(shown_at) >= {CALIBRATION} AND max(shown_at) < {TEST} - INTERVAL 7 DAY THEN 'calibration'
        ELSE 'gap' END AS split FROM ({usable}) GROUP BY list_id""")
    for earlier, later in (("calibration", "('test')"), ("train", "('test', 'calibration')")):
        connection.execute(f"""UPDATE lists SET split = 'purged' WHERE split = '{earlier}'
            AND user_id IN (SELECT user_id FROM lists WHERE split IN {later})""")
    for name in ("train", "calibration", "test"):
        sampled = "AND (inquired = 1 OR row_key % 1000 < 100)" if name == "train" else ""
        connection.execute(f"""COPY (
            SELECT r.* EXCLUDE (file_row_number, broken) FROM ({usable}) r SEMI JOIN (FROM lists WHERE split = '{name}')
            USING (list_id) ANTI JOIN copies USING (file_row_number) WHERE true {sampled}
            ORDER BY shown_at, list_id, position, listing_id, row_key
        ) TO '{out}/{name}.parquet' {PARQUET}""")


def auc(connection: duckdb.DuckDBPyConnection, name: str, out: str) -> float:
    shares = [step / 20 for step in range(1, 20)]
    cuts = f"(SELECT quantile_cont({name}, {shares}) FROM '{out}/train.parquet')"
    bin_of = f"len(list_filter({cuts}, lambda cut: cut < {name}))" if name in NUMBERS else name
    answer = connection.execute(AUC.format(bin=bin_of, out=out)).fetchone()
    assert answer is not None  # an aggregate always answers
    return float(answer[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
