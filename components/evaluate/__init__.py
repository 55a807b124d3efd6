"""The verdict on a new model, with its metrics and the report.

component.py          the step
evaluate.py           reads the inputs, and writes verdict, metrics and report
inputs.py             what it reads
assess.py             scores, measures and decides
test_set.py           the test rows; samples.py has samples of the splits
candidates.py         the models that are compared
scoring.py            their scores; score_candidates.py says which can score
scoreless_metrics.py  metrics that need no score
metrics/              metrics that need scores
gather_evidence.py    from measurements to what the rules read
decide/               the rules
report/               the report
"""
