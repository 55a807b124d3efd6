"""The structures of kernel.h: rows of arrays as numpy types, and the model as ctypes has it."""

import ctypes

import numpy as np

NO_INPUT = 0xFFFFFFFF
DEEPEST, PATH_DEPTH, GROUP, POINTS = 255, 8, 16, 4
MOST_CODES = 1 << 24  # XGBoost reads a larger code as no category
NUMBER, CATEGORY, NUMBER_LOG1P, STATISTIC = 0, 1, 2, 3
CALIBRATIONS = {"none": 0, "platt": 1, "beta": 2}
INPUT, CONSTANT, ADD, SUBTRACT, MULTIPLY, DIVIDE, NEGATE = range(7)

FEATURE = np.dtype(
    [
        *((name, "<u4") for name in ("source", "kind", "categories", "unknown_missing", "known", "first")),
        *((name, "<f8") for name in ("constant", "minimum", "maximum")),
    ]
)
COLUMN = np.dtype(
    [
        *((name, "<u4") for name in ("feature", "kind", "missing_right", "first_word", "words", "count")),
        ("first", "<u8"),
    ]
)
NODE = np.dtype([("split", "<u4"), ("left", "<u4")])
TREE = np.dtype([*((name, "<u4") for name in ("root", "nodes", "depth", "reserved")), ("path", "<u8")])
TERM = np.dtype(
    [
        *((name, "<u4") for name in ("feature", "kind", "first", "count")),
        *((name, "<f8") for name in ("low", "high", "center", "scale", "weight", "absent")),
    ]
)
RULE = np.dtype([("first", "<u4"), ("count", "<u4"), ("minimum", "<f8"), ("maximum", "<f8")])
OPERATION = np.dtype([("code", "<u4"), ("input", "<u4"), ("constant", "<f8")])

SIZES = (
    *("features", "inputs", "columns", "words", "trees", "nodes", "terms", "weights", "rules", "operations"),
    *("calibration", "reserved"),
)
LENGTHS = ("thresholds", "table_words", "path_values", "statistic_values")
NUMBERS = ("intercept", "shift", "a", "b", "c")
ARRAYS = {
    "feature": FEATURE,
    "column": COLUMN,
    "threshold": np.dtype("<f4"),
    "table": np.dtype("<u8"),
    "tree": TREE,
    "node": NODE,
    "value": np.dtype("<f4"),
    "path": np.dtype("<f4"),
    "split_feature": np.dtype("<u4"),
    "cover": np.dtype("<f4"),
    "term": TERM,
    "weight": np.dtype("<f8"),
    "rule": RULE,
    "operation": OPERATION,
    "statistic": np.dtype("<f4"),
}


class Model(ctypes.Structure):
    """kmd_model: sizes, numbers, and the addresses of the arrays, which must stay alive as long as it is used."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in SIZES),
        *((name, ctypes.c_uint64) for name in LENGTHS),
        *((name, ctypes.c_double) for name in NUMBERS),
        *((name, ctypes.c_void_p) for name in ARRAYS),
    )
