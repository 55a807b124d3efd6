"""Submit compiled pipelines to a service that runs them, and follow the runs.

service.py       what every service can do, and what crosses: packages, runs, tasks, schedules
open_service.py  the service that TARGET names; kubeflow/ is Kubeflow Pipelines, vertex/ Vertex AI Pipelines
request.py       the arguments of a submission, and the pipeline compiled for it
package.py       a compiled pipeline: parameters of its runs, the name of its version
cron.py          times of a schedule, days of a backfill
watch.py         a run, followed to its end
outcome.py       what it came to, and whether it can be retried
state.py         what can be done with a run in its state
graph_tasks.py   the tasks of a compiled graph
json_text.py     values of a service as text
message.py       messages of a service, on one line
"""
