"""Test sets whose truth is known, for `bench/decision.py`.

catalogue.py    items whose attraction moves slowly, scores with errors, and what an order is truly worth
impressions.py  a log of pages: which order showed them, in random order or not, and what people did
probability.py  a probability that reads a score and the position, as a model trained on the log does
curves.py       ways to the examination curve of a case
verdicts.py     the product's comparison and decision on a test set
cells.py        equal, worse and better models on logs of several kinds
shares.py       shares of outcomes with their standard errors, and their tables
rules.py        models that must not be promoted whatever the rules compare
generations.py  one release after the other, each on the log that the one before made
page.py         the tables of docs/decision.md
"""
