"""A plain FastAPI server of one booster: `python server.py PORT BOOSTER`."""

import sys

import numpy as np
import uvicorn
import xgboost
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
booster = xgboost.Booster({"nthread": 1})
booster.load_model(sys.argv[2])


class Rows(BaseModel):
    rows: list[list[float]]


class Scores(BaseModel):
    probability: list[float]


@app.post("/predict")
async def predict(body: Rows) -> Scores:
    matrix = np.array(body.rows, dtype=np.float32)
    return Scores(probability=booster.inplace_predict(matrix).tolist())


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
