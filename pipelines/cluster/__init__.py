"""Pipelines on a cluster.

settings.py  what a team sets for its cluster
"""
