"""The Open Inference Protocol, version 2, over HTTP: what KServe, Triton and their clients speak.

routes.py    the protocol's routes for one model
types.py     its JSON objects
request.py   the body of an inference to the numbers that a scorer reads
plain.py     the same for the form that nearly all bodies have
envelope.py  its JSON object, without the meaning of its tensors
tensor.py    one tensor of a request to a column
binary.py    the extension for tensors in binary form
outputs.py   scores to output tensors
inference.py reads, scores, counts and answers
paths.py     paths that are answered under any load
metadata.py  what the server and the model are
errors.py    refusals in the protocol's form

The specification is github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md; the parts that
it leaves out (parameters, tensor data) are in the older text of KServe, docs/predict-api/v2/required_api.md.
"""
