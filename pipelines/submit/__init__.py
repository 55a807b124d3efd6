"""Submit compiled pipelines to a service that runs them, and follow the runs.

service.py   what every service can do, and what crosses: packages, runs, tasks, schedules
"""
