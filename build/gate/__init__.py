"""The gate: no image without a bundle and a verdict that pass every check.

gate.py     runs the checks in a child process with limits on time and memory
worker.py   the child process
copy.py     the private copy that is checked, and that the image contains
fields/     what each field of a manifest and of a verdict may be
verdict.py  reads and checks the verdict
booster.py  whether training could have written this booster; tree.py checks one tree, position.py what a position adds
golden.py   whether this machine computes the stored probabilities
"""
