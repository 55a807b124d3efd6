"""The examination curve of a model, for training and evaluation alike.

strata.py      rows among which position and attractiveness are apart
read_strata.py finds them in a split, with context.py
posterior.py   the curve from strata and a prior
estimate.py    which strata and priors a curve is estimated from
curve.py       the curve with its uncertainty
"""
