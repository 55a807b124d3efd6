"""Verdicts of small bundles, as evaluate writes them."""

import json
import math
from pathlib import Path
from typing import Any

from artifacts.checksum import with_checksum
from model.bundle.bundle import Bundle, load
from tests.bundles import TEST_CONVERSIONS, TEST_ROWS


def verdict_of(folder: Path, target: Path, **changes: object) -> Path:
    """A verdict that promotes this bundle, with these changes (None leaves a key out)."""
    verdict = promoting(load(folder)) | changes
    target.write_text(json.dumps(with_checksum({key: value for key, value in verdict.items() if value is not None})))
    return target


def promoting(bundle: Bundle) -> dict[str, Any]:
    """What evaluate writes about a bundle that it promotes, without the checksum."""
    lineage, rate = bundle.manifest.lineage, TEST_CONVERSIONS / TEST_ROWS
    loss, entropy = 0.31, -(rate * math.log(rate) + (1 - rate) * math.log(1 - rate))
    metrics = {
        "rows": float(TEST_ROWS),
        "conversions": float(TEST_CONVERSIONS),
        "conversion_rate": rate,
        "log_loss": loss,
        "log_loss_low": 0.3,
        "log_loss_high": 0.32,
        "normalised_entropy": loss / entropy,
        "auc": 0.71,
        "auc_low": 0.69,
        "auc_high": 0.73,
        "calibration_ratio": 1.02,
        "calibration_ratio_low": 0.95,
        "calibration_ratio_high": 1.09,
        "log_loss_saving_over_constant": 1 - loss / entropy,
        "booster_bytes": float(len(bundle.booster)),
        "trees": float(bundle.manifest.trees.trees),
        "unseen_categories": 0.001,
    }
    return {
        "format": 1,
        "verdict": "promote",
        "bundle": bundle.digest,
        "champion": "sha256:" + "e" * 64,
        "reasons": [
            reason("conversions", metrics["conversions"], ">= 150"),
            reason("beats constant", metrics["log_loss_saving_over_constant"], "interval above 0"),
            reason("not worse than champion", 0.004, "interval above -1.00 %, value >= 0"),
            reason("calibration", metrics["calibration_ratio"], "interval reaches 0.9 to 1.1"),
            reason("unseen categories", metrics["unseen_categories"], "<= 1.00 %"),
            reason("declared directions", 0.0, "0"),
            reason("size", metrics["booster_bytes"], "<= 50,000,000"),
            reason("slices", 0, "0 harmed"),
            reason("sensitivity", "firm", "firm, or a curve that is known, or a log that no model made"),
        ],
        "metrics": metrics,
        "spec_sha256": lineage.spec_sha256,
        "sql_sha256": lineage.sql_sha256,
        "test_rows_sha256": "d" * 64,
        "bootstrap": {"seed": 7, "draws": 1000},
    }


def reason(rule: str, measured: float | str, bound: str) -> dict[str, object]:
    return {"rule": rule, "measured": measured, "bound": bound, "passed": True, "message": f"{rule}: {measured}"}
