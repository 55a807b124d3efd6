"""The spec, as an artifact that every later step reads.

component.py  the step
load_spec.py  reads the spec and writes it as JSON
spec_uri.py   the forms of its URI
"""
