"""A good spec, and ways to change it."""

import copy

import yaml

GOOD = """
model: rent-conversion
source: {sql: training.sql, window_days: 90, conversion_days: 14, max_bytes_billed: 200GB}
columns: {label: inquired, time: shown_at, list: list_id, item: listing_id, position: position}
features:
  rent: {kind: number, direction: decreasing}
  layout: {kind: category}
reject:
  - {name: rent per m2, expression: rent / area_m2, min: 500, max: 20000}
reject_budget: 5%
split: {by: time, test_days: 14, calibration_days: 7}
training: {trials: 60, minutes: 10, folds: 5, keep_negatives: 10%, seed: 7}
promotion:
  must_beat: [constant, logistic, current_order]
  champion: {metric: ips_conversions, rule: superiority, confidence: 95%}
  slices: [layout]
"""
ABSENT = object()
SWITCH = "is True (yes, no, on and off mean that in YAML). Put it in quotes, or write another value"


def changed(*changes):
    """The good spec with ("path.to.key", value) put in, or the key taken out."""
    spec = copy.deepcopy(yaml.safe_load(GOOD))
    for path, value in changes:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        part = spec
        for step in way:
            part = part[step]
        if value is ABSENT:
            del part[last]
        else:
            part[last] = value
    return spec
