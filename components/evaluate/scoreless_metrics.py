"""Metrics that need no score: of the bundle, the splits and the rejected rows."""

from datetime import datetime, timedelta

from components.evaluate.decide.evidence import UnseenCategories
from components.evaluate.inputs import EvaluationInputs
from components.evaluate.test_set import query
from model.bundle.features import CategoryFeature
from model.sql import quoted


def scoreless_metrics(inputs: EvaluationInputs, unseen: UnseenCategories | None) -> dict[str, float]:
    """By name; `unseen` is the result of `unseen_categories`."""
    return {
        "unseen_categories": unseen.excess if unseen else 0.0,
        "booster_bytes": float(len(inputs.bundle.booster)),
        "trees": float(inputs.bundle.manifest.trees.trees),
        "immature_days": _immature_days(inputs),
        "rejected_share": inputs.documents.rejection.rejected_share,
    }


def _immature_days(inputs: EvaluationInputs) -> float:
    """By how many days the youngest test row is too young; 0 if it is not, and for data without time."""
    split = inputs.documents.split
    last = split.splits.test.last
    if last is None:
        return 0.0
    cutoff = datetime.fromisoformat(split.cutoff).replace(tzinfo=None)
    conversion = timedelta(days=inputs.spec.source.conversion_days)
    mature = datetime.fromisoformat(last).replace(tzinfo=None) + conversion
    return max(0.0, (mature - cutoff) / timedelta(days=1))


def unseen_categories(inputs: EvaluationInputs) -> UnseenCategories | None:
    """The category with the most test rows of a value that the model can know nothing of; None without a category."""
    features = [feature for feature in inputs.bundle.manifest.features if isinstance(feature, CategoryFeature)]
    columns = [_unseen_in(feature, inputs) for feature in features]
    return max(columns, key=lambda column: (column.excess, column.unseen), default=None)


def _unseen_in(feature: CategoryFeature, inputs: EvaluationInputs) -> UnseenCategories:
    """A training row counts for as many as it stands for, because negatives were sampled."""
    name, label = quoted(feature.name), quoted(inputs.spec.columns.label)
    weight = f"case when {label} = 1 then 1.0 else {1 / inputs.bundle.manifest.sampling.kept_negatives!r} end"
    known = f"select {name} from read_parquet($train) where {name} is not null"
    pooled = f"{name} is not null and {name} not in (select unnest(cast($categories as varchar[])))"
    unseen = f"count(*) filter ({name} is not null and {name} not in ({known})) / count(*)"
    pool = f"coalesce(sum({weight}) filter ({pooled}), 0) / sum({weight})"
    shares = query(
        f"select (select {unseen} from read_parquet($test)) as unseen, "
        f"(select {pool} from read_parquet($train)) as pooled",
        train=str(inputs.train),
        test=str(inputs.test),
        categories=list(feature.known),
    )
    return UnseenCategories(feature.name, float(shares["unseen"][0]), float(shares["pooled"][0]))
