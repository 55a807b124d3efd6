"""Pipelines for a cluster.

request.py    the arguments, all looked at before anything is compiled
settings.py   cluster.yaml: nodes, secrets, limits, notification of a team; read.py reads it, page.py writes its page
pods.py       the settings of a step's pod: resources, retries, nodes, secrets
write.py      the two files; compiled.py checks them before they are written; documents.py reads them
"""
