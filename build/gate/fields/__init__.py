"""What each field of a manifest and of a verdict may be: one table, from which the gate looks and the page is written.

rule.py      what a rule is
manifest.py  the rules of a manifest, all together
identity.py  which model, of what, made with what
lineage.py   window, counts and digests of the data
inputs.py    features, the held position, rejection bounds
scoring.py   linear part, trees, sampling, calibration
verdict.py   the rules of a verdict, all together
reasons.py   its reasons: complete, and within their own bounds
metrics.py   ranges and intervals of metrics, the same in both documents
text.py      text that can be printed
page.py      docs/bundle-fields.md: `python -m build.gate.fields.page docs`
"""
