"""The structural walk: is this booster one that training could have written, and safe to predict with?

XGBoost 3.2 loads NaN leaves, foreign versions, swapped objectives and a wrong feature count silently, and dies of a
segmentation fault on a cycle. So every index, number and name is looked at before XGBoost may predict.
"""

import itertools
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from build.gate.tree import Tree, read_tree
from model.bundle.bundle import BOOSTER, RETRAIN, Manifest
from model.bundle.features import CategoryFeature
from model.bundle.margin_range import MOST_LOG_ODDS, NOTHING, Reach
from model.errors import Problem

LEARNER = {"attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective"}
MODEL = {"cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees"}
TOLD = 20


@dataclass(frozen=True)
class Walked:
    """What the walk found, and how far the trees that it could read can move the log odds."""

    problems: list[Problem]
    trees: Reach = NOTHING


def walk(booster: Any, manifest: Manifest, *, version: str) -> Walked:
    """Every problem of the parsed booster against its manifest; `version` is the XGBoost that will serve."""
    if shape := _shape(booster):
        return Walked([shape])
    learner = booster["learner"]
    problems = [*_version(booster["version"], version), *_learner(learner, manifest)]
    trees = learner["gradient_booster"]["model"]["trees"]
    problems += _count(learner["gradient_booster"]["model"], manifest)
    total, reach = 0.0, NOTHING
    for number, raw in enumerate(trees):
        tree, found = read_tree(raw, number, manifest)
        problems += found
        if tree is not None:
            total += tree.reach.largest
            reach += tree.reach
            problems += _directions(tree, manifest)
        if len(problems) >= TOLD:
            return Walked(problems[:TOLD])
    if total > MOST_LOG_ODDS:
        problems.append(_fault("trees", f"may add up to log odds of {total:.3g}", "leaf-huge"))
    return Walked(problems, reach)


def _fault(where: str, found: str, code: str) -> Problem:
    return Problem(f"{BOOSTER} {where}", found, RETRAIN, code)


def _shape(booster: Any) -> Problem | None:
    """The first place where the document is not built as XGBoost's models are."""
    places: tuple[tuple[str, set[str]], ...] = (
        ("", {"learner", "version"}),
        ("learner", LEARNER),
        ("learner.objective", {"name", "reg_loss_param"}),
        ("learner.learner_model_param", {"base_score", "boost_from_average", "num_class", "num_feature", "num_target"}),
        ("learner.gradient_booster", {"model", "name"}),
        ("learner.gradient_booster.model", MODEL),
        ("learner.gradient_booster.model.gbtree_model_param", {"num_parallel_tree", "num_trees"}),
        ("learner.gradient_booster.model.cats", {"enc", "feature_segments", "sorted_idx"}),
    )
    for place, keys in places:
        part = booster
        for step in filter(None, place.split(".")):
            part = part[step]
        if not isinstance(part, dict) or set(part) != keys:
            found = sorted(part) if isinstance(part, dict) else type(part).__name__
            if place == "learner.objective" and (name := _objective(booster)):
                return _fault("objective", f"is {name!r}, not 'binary:logistic'", "booster-objective")
            return _fault(place or "document", f"holds {found!r:.120}, expected are {sorted(keys)}", "booster-shape")
    if not isinstance(booster["learner"]["gradient_booster"]["model"]["trees"], list):
        return _fault("trees", "are not a list", "booster-shape")
    return None


def _objective(booster: Any) -> str | None:
    """A foreign objective has parameters of its own, which is no reason to hide its name."""
    objective = booster["learner"]["objective"]
    name = objective.get("name") if isinstance(objective, dict) else None
    return name if isinstance(name, str) and name != "binary:logistic" else None


def _version(found: Any, version: str) -> Iterator[Problem]:
    expected = [int(part) for part in version.split(".")[:3]]
    if (numbers := _whole(found)) != expected:
        told = ".".join(map(str, numbers)) if numbers else repr(found)
        yield _fault("version", f"was written by XGBoost {told}, this is {version}", "booster-version")


def _learner(learner: dict[str, Any], manifest: Manifest) -> Iterator[Problem]:
    names = list(manifest.names)
    types = ["c" if isinstance(feature, CategoryFeature) else "float" for feature in manifest.features]
    numbers = learner["learner_model_param"]
    if (name := learner["objective"]["name"]) != manifest.trees.objective:
        yield _fault("objective", f"is {name!r}, not {manifest.trees.objective!r}", "booster-objective")
    if (name := learner["gradient_booster"]["name"]) != "gbtree":
        yield _fault("gradient_booster", f"is {name!r}, not 'gbtree'", "booster-kind")
    if learner["feature_names"] != names:
        yield _fault("feature_names", f"are {learner['feature_names']!r:.200}, not {names!r:.200}", "booster-names")
    if learner["feature_types"] != types:
        yield _fault("feature_types", f"are {learner['feature_types']!r:.200}, not {types!r:.200}", "booster-types")
    if numbers["num_feature"] != str(len(names)):
        yield _fault("num_feature", f"is {numbers['num_feature']!r}, not {len(names)}", "booster-features")
    if numbers["num_target"] != "1" or numbers["num_class"] != "0":
        yield _fault("num_target", "asks for more than one answer per row", "booster-outputs")
    if _numbers(numbers["base_score"]) != [0.5]:
        found = f"is {numbers['base_score']!r}, not 0.5: the manifest alone holds the intercept"
        yield _fault("base_score", found, "booster-base-score")
    attributes = learner["attributes"]
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        yield _fault("attributes", "are not texts by name", "booster-shape")


def _numbers(text: Any) -> list[float] | None:
    """XGBoost writes base_score as the text "[5E-1]"."""
    try:
        return [float(part) for part in str(text).removeprefix("[").removesuffix("]").split(",")]
    except ValueError:
        return None


def _count(model: dict[str, Any], manifest: Manifest) -> Iterator[Problem]:
    declared, held = manifest.trees.trees, len(model["trees"])
    if held != declared or model["gbtree_model_param"]["num_trees"] != str(held):
        said = model["gbtree_model_param"]["num_trees"]
        yield _fault("trees", f"are {held}, num_trees is {said!r}, the manifest declares {declared}", "trees-count")
    if _whole(model["tree_info"]) != [0] * held:
        yield _fault("tree_info", "does not put every tree into the one output", "booster-outputs")
    if not _climbs(_whole(model["iteration_indptr"]), held):
        yield _fault("iteration_indptr", f"does not climb from 0 to {held}", "trees-count")
    if any(_whole(part) != [] for part in model["cats"].values()):
        yield _fault("cats", "recodes categories, which the manifest does", "booster-categories")


def _whole(value: Any) -> list[int] | None:
    """A list of whole numbers, however it was written, or None."""
    if isinstance(value, list | array) and all(type(one) is int for one in value):
        return list(value)
    return None


def _climbs(places: Sequence[int] | None, end: int) -> bool:
    if not places:
        return False
    rises = all(low < high for low, high in itertools.pairwise(places))
    return len(places) > 1 and rises and places[0] == 0 and places[-1] == end


def _directions(tree: Tree, manifest: Manifest) -> Iterator[Problem]:
    """A declared direction must hold: below the split never more (or never less) than above it."""
    for place, feature in enumerate(manifest.features):
        direction = getattr(feature, "direction", None)
        if direction and (node := tree.breaks(place, rising=direction == "increasing")) is not None:
            found = f"is split at node {node} against its declared direction, {direction}"
            yield _fault(f"tree {tree.number} feature {feature.name!r}", found, "direction-broken")
