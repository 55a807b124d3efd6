"""A BentoML service of one booster, whose file is named by BENCH_BOOSTER."""

import os

import bentoml
import numpy as np
import xgboost


@bentoml.service(workers=1, traffic={"timeout": 60})
class Scorer:
    def __init__(self) -> None:
        self.booster = xgboost.Booster({"nthread": 1})
        self.booster.load_model(os.environ["BENCH_BOOSTER"])

    @bentoml.api
    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.booster.inplace_predict(x.astype(np.float32))
