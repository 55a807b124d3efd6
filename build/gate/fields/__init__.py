"""What each field of a manifest and of a verdict may be: one table, which the gate checks and the page is written from.

rule.py      what a rule is
context.py   what rules check
manifest.py  the rules of a manifest, all together
identity.py  which model, of what, made with what
lineage.py   window, counts and digests of the data
inputs.py    features, position, rejection bounds
scoring.py   linear part, trees, sampling, calibration
verdict.py   the rules of a verdict, all together
reasons.py   its reasons: complete, and within their bounds
metrics.py   ranges and intervals of metrics, the same in both documents
text.py      printable text
page.py      docs/bundle-fields.md: `python -m build.gate.fields.page docs`
"""
