"""A message at the end of a run, also of one that failed.

component.py  the step, which Kubeflow runs after all others
notify.py     reads what can be read of the run, and posts
kubeflow.py   the tasks of the run, asked of Kubeflow's API
answers.py    its answers, of both lines of Kubeflow
message.py    the message
webhook.py    posting it
"""
