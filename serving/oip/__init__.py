"""The Open Inference Protocol, version 2, over HTTP: what KServe, Triton and their clients speak.

routes.py    the protocol's routes for one model
types.py     its JSON objects
request.py   the body of an inference to the numbers that a scorer reads
tensor.py    one tensor of a request to a column
binary.py    the extension for tensors in binary form
answer.py    scores to output tensors
metadata.py  what the server and the model are
errors.py    refusals in the protocol's form

The specification is github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md; the parts that
it leaves out (parameters, tensor data) are in the older text of KServe, docs/predict-api/v2/required_api.md.
"""
