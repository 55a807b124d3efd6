"""What a compiled pipeline says to a cluster.

settings.py   cluster.yaml, the environment of a team: nodes, secrets, limits, notification; read.py reads it
pods.py       the settings of a step's pod: resources, retries, nodes, secrets
compiled.py   the checks of a compiled pipeline, before it is written
"""
