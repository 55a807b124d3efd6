"""Kubeflow Pipelines, versions 2.5 to 2.17 and the line after it, through its REST API.

settings.py   host, namespace and credentials, from the environment
client.py     calls, and what their failures mean
service.py    runs and schedules
versions.py   pipelines and their versions
run.py        a run as the API tells it
run_tasks.py  tasks with output parameters and artifacts, from the API of the line after 2.17
metadata.py   output parameters and artifacts up to 2.17, from ML Metadata
messages.py   ML Metadata's messages
"""
