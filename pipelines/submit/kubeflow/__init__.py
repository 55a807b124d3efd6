"""Kubeflow Pipelines, versions 2.5 to 2.17, through its REST API.

settings.py   host, namespace and credentials, from the environment
client.py     calls, and what their failures mean
service.py    runs and schedules
versions.py   pipelines and their versions
run.py        a run as the API tells it
metadata.py   output parameters and artifacts, from ML Metadata
messages.py   ML Metadata's messages
"""
