"""What the search tries: the space of its settings, and the usual settings that it tries before it samples any.

The usual settings are of several regimes, because none is best everywhere: deep trees, shallow trees on a logistic
regression, slow deep trees that see half of the columns, on the better start of the two before, and medium trees on a
logistic regression.
"""

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

TrialSetting = dict[str, int | float | str]

SPACE: dict[str, BaseDistribution] = {
    "start": CategoricalDistribution(("trees", "linear")),
    "eta": FloatDistribution(0.03, 0.3, log=True),
    "max_depth": IntDistribution(1, 8),
    "min_child_weight": FloatDistribution(0.5, 100, log=True),
    "subsample": FloatDistribution(0.5, 1.0),
    "colsample_bytree": FloatDistribution(0.3, 1.0),
    "lambda": FloatDistribution(0.01, 50, log=True),
    "alpha": FloatDistribution(0.001, 10, log=True),
    "gamma": FloatDistribution(1e-4, 5, log=True),
    "max_cat_to_onehot": IntDistribution(1, 20),
}
DEEP: TrialSetting = {
    "start": "trees", "eta": 0.1, "max_depth": 5, "min_child_weight": 1.0, "subsample": 0.9, "colsample_bytree": 0.8,
    "lambda": 1.0, "alpha": 0.001, "gamma": 1e-4, "max_cat_to_onehot": 8,
}  # fmt: skip
SLOW = {name: value for name, value in DEEP.items() if name != "start"} | {
    "eta": 0.05, "max_depth": 6, "subsample": 0.8, "colsample_bytree": 0.5,
}  # fmt: skip
CANDIDATES: tuple[TrialSetting, ...] = (
    DEEP,
    DEEP | {"start": "linear", "eta": 0.05, "max_depth": 2, "min_child_weight": 20.0, "lambda": 20.0},
    SLOW,
    DEEP | {"start": "linear", "eta": 0.05, "max_depth": 4, "min_child_weight": 5.0, "lambda": 5.0},
)
