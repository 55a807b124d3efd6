"""Vertex AI Pipelines, through the REST transport of google-cloud-aiplatform's generated client.

settings.py   project, location, root and credentials, from the environment
client.py     calls, and what their failures mean
labels.py     what a job's labels say
job.py        a job of a request
run.py        a run as the service tells it, and what its steps wrote
schedules.py  schedules
service.py    runs: a run is one job, and one more for each time that it was retried
"""
