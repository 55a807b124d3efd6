"""A typed HTTP server for one bundle: `python -m serving.server`.

server.py         starts and stops it
settings.py       its settings
app.py            the table of routes
page/             the pages at / and /docs
oip/              the Open Inference Protocol
routes.py         the ASGI application of such a table: exchange.py, asgi.py
handlers.py       what the scoring routes do
parse.py          bodies to numbers: inputs.py, log_keys.py
body_check.py     what is wrong with a body: json_body.py, keys.py, body_problems.py
types.py          the types of requests and answers
openapi.py        the OpenAPI document
model_info.py     the answer of /model
score.py          loads, verifies and scores
finite_check.py   every row gets a finite probability
errors.py         requests without a score
limit.py          limits on bodies
protocol.py       limits on connections: head.py, whole_answer.py
places.py         the limit of requests at a time: overload.py
bulk.py           the thread for large bodies
graceful.py       how the server stops: lifecycle.py
log.py            its log: background.py, stdout.py, request_id.py
prediction_log/   a line for each scored row
runtime.py        what connections, routes and process share
metrics.py        metrics for Prometheus: distribution.py, demand.py
"""
