"""KServe's model server with one booster: `python server.py PORT BOOSTER`. Shaped as KServe's own XGBoost server."""

import sys

import numpy as np
import xgboost
from kserve import InferRequest, InferResponse, Model, ModelServer
from kserve.utils.utils import get_predict_input, get_predict_response

PORT, BOOSTER = int(sys.argv[1]), sys.argv[2]


class XGBoostModel(Model):
    def load(self) -> bool:
        self.booster = xgboost.Booster({"nthread": 1})
        self.booster.load_model(BOOSTER)
        self.ready = True
        return self.ready

    async def predict(
        self,
        payload: dict[str, object] | InferRequest,
        headers: dict[str, str] | None = None,  # noqa: ARG002  # the interface has them
        response_headers: dict[str, str] | None = None,  # noqa: ARG002
    ) -> dict[str, object] | InferResponse:
        rows = np.asarray(get_predict_input(payload), dtype=np.float32)
        return get_predict_response(payload, self.booster.inplace_predict(rows), self.name)


if __name__ == "__main__":
    model = XGBoostModel("m")
    model.load()
    ModelServer(http_port=PORT, enable_grpc=False, workers=1, access_log_format=None).start([model])
