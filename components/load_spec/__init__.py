"""The spec, as a file that every later step reads.

component.py  the step
load_spec.py  reads the spec and writes it as JSON
spec_uri.py   the forms of its URI
"""
