"""What the search tries: the usual settings first, which are of several regimes, then samples of a space.

No regime is best everywhere: firm trees of medium depth, shallow trees on a logistic regression, loose trees, medium
trees on a logistic regression, and deep trees that see half of the columns. Steps smaller than .1 take more rounds to
the same loss.
"""

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

TrialSetting = dict[str, int | float | str]

SPACE: dict[str, BaseDistribution] = {
    "start": CategoricalDistribution(("trees", "linear")),
    "eta": FloatDistribution(0.05, 0.3, log=True),
    "max_depth": IntDistribution(1, 8),
    "min_child_weight": FloatDistribution(0.5, 100, log=True),
    "subsample": FloatDistribution(0.5, 1.0),
    "colsample_bytree": FloatDistribution(0.3, 1.0),
    "lambda": FloatDistribution(0.01, 50, log=True),
    "alpha": FloatDistribution(0.001, 10, log=True),
    "gamma": FloatDistribution(1e-4, 5, log=True),
    "max_cat_to_onehot": IntDistribution(1, 20),
}
LOOSE: TrialSetting = {
    "start": "trees", "eta": 0.1, "max_depth": 5, "min_child_weight": 1.0, "subsample": 0.9, "colsample_bytree": 0.8,
    "lambda": 1.0, "alpha": 0.001, "gamma": 1e-4, "max_cat_to_onehot": 8,
}  # fmt: skip
FIRM = LOOSE | {"max_depth": 4, "subsample": 0.8, "min_child_weight": 5.0, "lambda": 5.0}
CANDIDATES: tuple[TrialSetting, ...] = (
    FIRM,
    LOOSE | {"start": "linear", "max_depth": 2, "min_child_weight": 20.0, "lambda": 20.0},
    LOOSE,
    LOOSE | {"start": "linear", "max_depth": 4, "min_child_weight": 5.0, "lambda": 5.0},
    FIRM | {"max_depth": 8, "min_child_weight": 10.0, "lambda": 1.0, "colsample_bytree": 0.5},
)
