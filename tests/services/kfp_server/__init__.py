"""A stand-in for Kubeflow Pipelines on loopback. It is not Kubeflow: KFP_HOST runs the same contract on a real one.

It refuses what the Go server refuses, by Kubeflow's own models and protobufs, and runs what is submitted with the local
engine of kfp. It cannot show Argo's compilation, driver and launcher, access control of Kubernetes, or the real UI. A
retry runs the whole graph again, where Kubeflow runs the failed steps; a schedule is kept and never comes.

server.py    the server in a `with` block
api.py       routes; metadata.py is the one that is not plain JSON
resources.py pipelines, versions, experiments, schedules
runs.py      runs; engine.py executes one, execute.py is its process
nodes.py     tasks of a run as nodes of Argo, native.py as the line after 2.17 has them; metadata.py their outputs
validate.py  what the Go server refuses
"""
