"""Calls of KServe's client, for the Python of kserve_client.py: a JSON object on stdin, one on stdout.

In: `url`, `model`, `numbers` and `texts` (columns by name), `unknown` (the name of no input).
"""

import asyncio
import json
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput


def columns(job):
    for name, values in job["numbers"].items():
        yield name, "FP64", values
    for name, values in job["texts"].items():
        yield name, "BYTES", values


def as_json(job):
    inputs = [InferInput(name, [len(values)], kind, values) for name, kind, values in columns(job)]
    return InferRequest(job["model"], inputs, request_id="by-json")


def as_binary(job):
    """As `set_data_from_numpy` sends by default."""
    inputs = []
    for name, kind, values in columns(job):
        array = np.array(values, np.float64 if kind == "FP64" else object)
        tensor = InferInput(name, list(array.shape), kind)
        tensor.set_data_from_numpy(array)
        inputs.append(tensor)
    outputs = [RequestedOutput("probability", {"binary_data": True}), RequestedOutput("unknown_categories")]
    return InferRequest(job["model"], inputs, request_id="by-binary", request_outputs=outputs)


def unknown_input(job):
    return InferRequest(job["model"], [InferInput(job["unknown"], [1], "FP64", [1.0])])


def values(response):
    return {
        output.name: output.as_numpy().tolist() if output.datatype == "FP64" else output.data
        for output in response.outputs
    }


async def main(job):
    url, model = job["url"], job["model"]
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        by_json, by_binary = [await client.infer(url, make(job), model) for make in (as_json, as_binary)]
        try:
            await client.infer(url, unknown_input(job), model)
        except httpx.HTTPStatusError as error:
            refusal = str(error)
        return {
            "live": await client.is_server_live(url),
            "ready": await client.is_server_ready(url),
            "model_ready": await client.is_model_ready(url, model),
            "other_ready": await client.is_model_ready(url, "other"),
            "ids": [by_json.id, by_binary.id],
            "by_json": values(by_json),
            "by_binary": values(by_binary),
            "refusal": refusal,
        }


print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
