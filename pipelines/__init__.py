"""The pipelines, and running them on this machine.

training.py    the graph of a training; fleet.py is that of several models in one run
chain.py       the steps of one model, which both have
checking.py    the graph that looks at a spec and its data
graph_settings.py, graph_step.py  what is compiled into any of them, and what all steps share
container.py   image, variables and resources of a task's container
cluster/       pipelines for a cluster
submit/        their runs on a cluster: submitted, scheduled, followed
kfp_sdk.py     KFP as all of these import it: without its client
compile.py     a graph as KFP YAML
arguments.py   the arguments of a run, looked at before anything starts
request.py     what a run does, once they are read
sample.py      tables of an example that simulates its own
local/         a run of the compiled pipeline here
check_spec.py  a look at a spec and its data; findings.py is what it found
new_model/     a first spec from a table
"""
