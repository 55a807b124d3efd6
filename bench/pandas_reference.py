"""The work of extract + preprocess on the portal's tables, as one would write it in pandas.

What bench/preprocess.py compares with: the same join, rules with their counts and examples, rejected rows, duplicates,
split, sampling by a hash of the row, one-column AUCs and files. Run by an environment that has pandas; nothing of
Kamado is imported.
"""

import json
import resource
import sys
import tempfile
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
    impressions = pd.read_parquet(data / "impressions")
    inquiries = (
        pd.read_parquet(data / "inquiries").groupby(["list_id", "listing_id"])["inquired_at"].min().reset_index()
    )
    rows = impressions.merge(pd.read_parquet(data / "listings"), on="listing_id").merge(
        inquiries, "left", ["list_id", "listing_id"]
    )
    rows["inquired"] = (rows["inquired_at"] < rows["shown_at"] + CONVERSION).astype("int8")
    rows["days_listed"] = (
        rows["shown_at"].dt.tz_localize(None).dt.normalize() - pd.to_datetime(rows["listed_on"])
    ).dt.days
    return rows.drop(columns=["inquired_at", "listed_on"])


def usable(rows: pd.DataFrame, out: Path) -> pd.DataFrame:
    """Without rejected rows, which are counted and written with their rules, duplicates and rows too young."""
    rows["row_key"] = pd.util.hash_pandas_object(rows, index=False)
    per_m2 = rows["rent"] / rows["area_m2"].where(rows["area_m2"] != 0)
    rules = {
        "missing": rows["shown_at"].isna() | rows["list_id"].isna(),
        "rent": (rows["rent"] < 10_000) | (rows["rent"] > 3_000_000),
        "area": (rows["area_m2"] < 5) | (rows["area_m2"] > 500),
        "rent per m2": (per_m2 < 500) | (per_m2 > 20_000),
    }
    broken = pd.DataFrame(rules)
    rejections = {name: int(rule.sum()) for name, rule in rules.items()}
    examples = {name: rows[rule].nsmallest(5, "row_key").to_dict("records") for name, rule in rules.items()}
    (out / "rejections.json").write_text(json.dumps({"counts": rejections, "examples": examples}, default=str))
    rejected = rows[broken.any(axis=1)].sort_values("row_key")
    hits = broken.loc[rejected.index].to_numpy()
    names = [[name for name, hit in zip(rules, row, strict=True) if hit] for row in hits]
    rejected.assign(rules=names).to_parquet(out / "rejected.parquet", compression="zstd")
    accepted = rows[~broken.any(axis=1)].drop_duplicates()
    return accepted[accepted["shown_at"] < END - CONVERSION]


def one_column_aucs(train: pd.DataFrame) -> dict[str, float]:
    """By bins of the label's mean, fitted on one half and measured on the other."""
    aucs = {}
    fitted = train["row_key"] % 2 == 0
    for name in FEATURES:
        numeric = pd.api.types.is_numeric_dtype(train[name])
        codes = pd.qcut(train[name], 20, duplicates="drop").astype(str) if numeric else train[name]
        mean = train["inquired"][fitted].groupby(codes[fitted]).mean()
        score, label = codes[~fitted].map(mean).fillna(0).rank(), train["inquired"][~fitted]
        positives = label.sum()
        area = score[label == 1].sum() - positives * (positives + 1) / 2
        aucs[name] = float(area / (positives * (len(label) - positives)))
    return aucs


def splits_of(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By time with the gaps, lists whole, users of a later split purged from an earlier one."""
    test = END - CONVERSION - TEST
    calibration = test - CONVERSION - CALIBRATION
    shown_at = rows.groupby("list_id")["shown_at"]
    first, last = shown_at.transform("min"), shown_at.transform("max")
    splits = {
        "train": rows[last < calibration - CONVERSION],
        "calibration": rows[(first >= calibration) & (last < test - CONVERSION)],
        "test": rows[first >= test],
    }
    later = set(splits["test"]["user_id"])
    splits["calibration"] = _without(splits["calibration"], later)
    splits["train"] = _without(splits["train"], later | set(splits["calibration"]["user_id"]))
    train = splits["train"]
    splits["train"] = train[(train["inquired"] == 1) | (train["row_key"] % 1000 < 100)]
    return splits


def _without(split: pd.DataFrame, users: set[str]) -> pd.DataFrame:
    lists = split.loc[split["user_id"].isin(users), "list_id"]
    return split[~split["list_id"].isin(lists)]


def main(data: Path) -> None:
    rows = rows_of(data)
    count = len(rows)
    with tempfile.TemporaryDirectory() as out:
        rows.to_parquet(Path(out) / "rows.parquet", compression="zstd")
        rows = pd.read_parquet(Path(out) / "rows.parquet")
        splits = splits_of(usable(rows, Path(out)))
        counts = {
            name: [len(split), split["list_id"].nunique(), split["user_id"].nunique()] for name, split in splits.items()
        }
        summary = {"counts": counts, "aucs": one_column_aucs(splits["train"])}
        (Path(out) / "split.json").write_text(json.dumps(summary))
        for name, split in splits.items():
            ordered = split.sort_values(["shown_at", "list_id", "position", "listing_id", "row_key"])
            ordered.to_parquet(Path(out) / f"{name}.parquet", compression="zstd")
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "kilobytes": used.ru_maxrss, "rows": count}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
