"""The work of extract + preprocess on the portal's tables, as one would write it in pandas.

What bench/preprocess.py times: the same join, rules with their ledger and examples, rejected rows, duplicates, split,
sampling by a hash of the row, one-column AUCs and files. Run by an environment that has pandas; nothing of Kamado is
imported.
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

del sys.path[0]  # this folder, whose packaging.py is not the library of that name

import pandas as pd

END = pd.Timestamp("2026-07-01", tz="UTC")
CONVERSION = pd.Timedelta(days=7)
TEST, CALIBRATION = pd.Timedelta(days=14), pd.Timedelta(days=7)
FEATURES = [
    "rent",
    "area_m2",
    "walk_minutes",
    "building_age",
    "floor",
    "photos",
    "deposit_months",
    "days_listed",
    "layout",
    "ward",
    "building",
]


def rows_of(data: Path) -> pd.DataFrame:
    """Impressions with their listing and whether an inquiry followed in time."""
    shown = pd.read_parquet(data / "impressions")
    asked = pd.read_parquet(data / "inquiries").groupby(["list_id", "listing_id"])["inquired_at"].min().reset_index()
    rows = shown.merge(pd.read_parquet(data / "listings"), on="listing_id").merge(
        asked, "left", ["list_id", "listing_id"]
    )
    rows["inquired"] = (rows["inquired_at"] < rows["shown_at"] + CONVERSION).astype("int8")
    rows["days_listed"] = (
        rows["shown_at"].dt.tz_localize(None).dt.normalize() - pd.to_datetime(rows["listed_on"])
    ).dt.days
    return rows.drop(columns=["inquired_at", "listed_on"])


def sound(rows: pd.DataFrame, out: Path) -> pd.DataFrame:
    """Without the rejected, which are counted and written with their rules, the duplicates and the young."""
    rows["row_key"] = pd.util.hash_pandas_object(rows, index=False)
    per_m2 = rows["rent"] / rows["area_m2"].where(rows["area_m2"] != 0)
    rules = {
        "missing": rows["shown_at"].isna() | rows["list_id"].isna(),
        "rent": (rows["rent"] < 10_000) | (rows["rent"] > 3_000_000),
        "area": (rows["area_m2"] < 5) | (rows["area_m2"] > 500),
        "rent per m2": (per_m2 < 500) | (per_m2 > 20_000),
    }
    broken = pd.DataFrame(rules)
    ledger = {name: int(rule.sum()) for name, rule in rules.items()}
    examples = {name: rows[rule].nsmallest(5, "row_key").to_dict("records") for name, rule in rules.items()}
    (out / "ledger.json").write_text(json.dumps({"counts": ledger, "examples": examples}, default=str))
    rejected = rows[broken.any(axis=1)].sort_values("row_key")
    hits = broken.loc[rejected.index].to_numpy()
    names = [[name for name, hit in zip(rules, row, strict=True) if hit] for row in hits]
    rejected.assign(rules=names).to_parquet(out / "rejected.parquet", compression="zstd")
    kept = rows[~broken.any(axis=1)].drop_duplicates()
    return kept[kept["shown_at"] < END - CONVERSION]


def one_column_aucs(train: pd.DataFrame) -> dict[str, float]:
    """By bins of the label's mean, fitted on one half and measured on the other."""
    found = {}
    fitted = train["row_key"] % 2 == 0
    for name in FEATURES:
        numeric = pd.api.types.is_numeric_dtype(train[name])
        codes = pd.qcut(train[name], 20, duplicates="drop").astype(str) if numeric else train[name]
        mean = train["inquired"][fitted].groupby(codes[fitted]).mean()
        score, label = codes[~fitted].map(mean).fillna(0).rank(), train["inquired"][~fitted]
        positives = label.sum()
        area = score[label == 1].sum() - positives * (positives + 1) / 2
        found[name] = float(area / (positives * (len(label) - positives)))
    return found


def parts_of(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By time with the gaps, lists whole, users of a later part purged from an earlier one."""
    test = END - CONVERSION - TEST
    calibration = test - CONVERSION - CALIBRATION
    shown = rows.groupby("list_id")["shown_at"]
    first, last = shown.transform("min"), shown.transform("max")
    parts = {
        "train": rows[last < calibration - CONVERSION],
        "calibration": rows[(first >= calibration) & (last < test - CONVERSION)],
        "test": rows[first >= test],
    }
    later = set(parts["test"]["user_id"])
    parts["calibration"] = _without(parts["calibration"], later)
    parts["train"] = _without(parts["train"], later | set(parts["calibration"]["user_id"]))
    train = parts["train"]
    parts["train"] = train[(train["inquired"] == 1) | (train["row_key"] % 1000 < 100)]
    return parts


def _without(part: pd.DataFrame, users: set[str]) -> pd.DataFrame:
    lists = part.loc[part["user_id"].isin(users), "list_id"]
    return part[~part["list_id"].isin(lists)]


def main(data: Path) -> None:
    began = time.monotonic()
    rows = rows_of(data)
    count = len(rows)
    with tempfile.TemporaryDirectory() as out:
        rows.to_parquet(Path(out) / "rows.parquet", compression="zstd")
        rows = pd.read_parquet(Path(out) / "rows.parquet")
        parts = parts_of(sound(rows, Path(out)))
        counts = {
            name: [len(part), part["list_id"].nunique(), part["user_id"].nunique()] for name, part in parts.items()
        }
        told = {"counts": counts, "aucs": one_column_aucs(parts["train"])}
        (Path(out) / "split.json").write_text(json.dumps(told))
        for name, part in parts.items():
            ordered = part.sort_values(["shown_at", "list_id", "position", "listing_id", "row_key"])
            ordered.to_parquet(Path(out) / f"{name}.parquet", compression="zstd")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": time.monotonic() - began, "kilobytes": peak, "rows": count}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
