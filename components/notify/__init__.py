"""A message at the end of a run, also of one that failed.

component.py  the step, which Kubeflow runs after all others
notify.py     reads what can be read of the run, and posts
kubeflow.py   the tasks of the run, by Kubeflow's API
message.py    the message
webhook.py    posting it
"""
