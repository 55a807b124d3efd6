"""A logistic regression: standardised numbers with their mean for what is missing, one-hot categories."""

import pickle

from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from task import measure


class Model:
    note = "C = 1"

    def __init__(self, pipeline):
        self.pipeline = pipeline

    def probability(self, frame):
        return self.pipeline.predict_proba(frame)[:, 1]

    def bytes(self):
        return len(pickle.dumps(self.pipeline))


def fit(task, rest):
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    columns = make_column_transformer(
        (numbers, task.numbers), (OneHotEncoder(handle_unknown="ignore"), task.categories)
    )
    pipeline = make_pipeline(columns, LogisticRegression(max_iter=2000))
    return Model(pipeline.fit(rest[task.inputs], rest[task.label]))


measure(fit)
