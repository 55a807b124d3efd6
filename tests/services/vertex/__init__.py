"""A stand-in for Vertex AI Pipelines on loopback. It is not Vertex AI: VERTEX_PROJECT runs the same contract there.

Bodies are parsed strictly into the service's own protobufs, and a pipeline's specification into KFP's. It refuses what
the service's documents say that it refuses, with the service's status and its form of an error. No step runs: a test
says what each job comes to. A schedule is kept and never comes. What a filter of a list finds is found at once.

server.py     routes, errors and who is let in
jobs.py       jobs, whose state goes on with each look at them
schedules.py  schedules
lists.py      filters, order and pages of a list
"""
