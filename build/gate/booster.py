"""The booster check: could training have written this booster, and is it safe to predict with?

XGBoost 3.2 silently loads NaN leaves, other versions, other objectives and a wrong feature count, and crashes with a
segmentation fault on a cycle. So every index, number and name is checked before XGBoost may predict.
"""

import itertools
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from build.gate.position import position_problems
from build.gate.tree import Tree, read_tree
from model.booster.ubjson import Ubjson
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.folder import BOOSTER, RETRAIN
from model.bundle.manifest import BundleManifest
from model.bundle.margin_range import MOST_LOG_ODDS, NOTHING, Reach
from model.errors import Problem

LEARNER = {"attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective"}
MODEL = {"cats", "gbtree_model_param", "iteration_indptr", "tree_info", "trees"}
SHAPE: tuple[tuple[str, set[str]], ...] = (  # path in the document -> its keys
    ("", {"learner", "version"}),
    ("learner", LEARNER),
    ("learner.objective", {"name", "reg_loss_param"}),
    ("learner.learner_model_param", {"base_score", "boost_from_average", "num_class", "num_feature", "num_target"}),
    ("learner.gradient_booster", {"model", "name"}),
    ("learner.gradient_booster.model", MODEL),
    ("learner.gradient_booster.model.gbtree_model_param", {"num_parallel_tree", "num_trees"}),
    ("learner.gradient_booster.model.cats", {"enc", "feature_segments", "sorted_idx"}),
)
MOST_PROBLEMS = 20


@dataclass(frozen=True)
class BoosterCheck:
    """The problems of a booster, and how far the trees that could be read can move the log odds."""

    problems: list[Problem]
    trees: Reach = NOTHING


def check_booster(document: Ubjson, manifest: BundleManifest, *, version: str) -> BoosterCheck:
    """Every problem of the parsed booster against its manifest; `version` is the XGBoost that will serve."""
    if problem := _shape(document):
        return BoosterCheck([problem])
    booster: Any = document  # with the shape of XGBoost's documents, from here on
    learner, model = booster["learner"], booster["learner"]["gradient_booster"]["model"]
    problems = [*_version(booster["version"], version), *_learner(learner, manifest), *_count(model, manifest)]
    total, reach, trees = 0.0, NOTHING, list[Tree]()
    for index, raw in enumerate(model["trees"]):
        tree, problem = read_tree(raw, index, manifest)
        problems += [problem] if problem else []
        if tree is not None:
            trees.append(tree)
            total += tree.reach.largest
            reach += tree.reach
            problems += _directions(tree, manifest)
        if len(problems) >= MOST_PROBLEMS:
            return BoosterCheck(problems[:MOST_PROBLEMS])
    if total > MOST_LOG_ODDS:
        problems.append(_problem("trees", f"may add up to log odds of {total:.3g}", "leaf-huge"))
    if len(trees) == len(model["trees"]):
        problems += position_problems(trees, manifest)
    return BoosterCheck(problems, reach)


def _problem(where: str, problem: str, code: str) -> Problem:
    return Problem(f"{BOOSTER} {where}", problem, RETRAIN, code)


def _shape(booster: Any) -> Problem | None:
    """The first path where the document has other keys than XGBoost's models have."""
    for path, keys in SHAPE:
        part = booster
        for step in filter(None, path.split(".")):
            part = part[step]
        if not isinstance(part, dict) or set(part) != keys:
            if path == "learner.objective" and (name := _objective(booster)):
                return _problem("objective", f"is {name!r}, not 'binary:logistic'", "booster-objective")
            content = sorted(part) if isinstance(part, dict) else type(part).__name__
            problem = f"holds {content!r:.120}, expected are {sorted(keys)}"
            return _problem(path or "document", problem, "booster-shape")
    if not isinstance(booster["learner"]["gradient_booster"]["model"]["trees"], list):
        return _problem("trees", "are not a list", "booster-shape")
    return None


def _objective(booster: Any) -> str | None:
    """Another objective has other parameters; its name is still reported."""
    objective = booster["learner"]["objective"]
    name = objective.get("name") if isinstance(objective, dict) else None
    return name if isinstance(name, str) and name != "binary:logistic" else None


def _version(written: object, version: str) -> Iterator[Problem]:
    expected = [int(part) for part in version.split(".")[:3]]
    if (numbers := _integers(written)) != expected:
        text = ".".join(map(str, numbers)) if numbers else repr(written)
        yield _problem("version", f"was written by XGBoost {text}, this is {version}", "booster-version")


def _learner(learner: Any, manifest: BundleManifest) -> Iterator[Problem]:
    names = list(manifest.names)
    types = ["c" if isinstance(feature, CategoryFeature) else "float" for feature in manifest.features]
    numbers = learner["learner_model_param"]
    if (name := learner["objective"]["name"]) != manifest.trees.objective:
        yield _problem("objective", f"is {name!r}, not {manifest.trees.objective!r}", "booster-objective")
    if (name := learner["gradient_booster"]["name"]) != "gbtree":
        yield _problem("gradient_booster", f"is {name!r}, not 'gbtree'", "booster-kind")
    if learner["feature_names"] != names:
        yield _problem("feature_names", f"are {learner['feature_names']!r:.200}, not {names!r:.200}", "booster-names")
    if learner["feature_types"] != types:
        yield _problem("feature_types", f"are {learner['feature_types']!r:.200}, not {types!r:.200}", "booster-types")
    if numbers["num_feature"] != str(len(names)):
        yield _problem("num_feature", f"is {numbers['num_feature']!r}, not {len(names)}", "booster-features")
    if numbers["num_target"] != "1" or numbers["num_class"] != "0":
        yield _problem("num_target", "has more than one output per row", "booster-outputs")
    if _numbers(numbers["base_score"]) != [0.5]:
        problem = f"is {numbers['base_score']!r}, not 0.5: the intercept is in the manifest"
        yield _problem("base_score", problem, "booster-base-score")
    attributes = learner["attributes"]
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        yield _problem("attributes", "are not texts by name", "booster-shape")


def _numbers(text: object) -> list[float] | None:
    """XGBoost writes base_score as the text "[5E-1]"."""
    try:
        return [float(part) for part in str(text).removeprefix("[").removesuffix("]").split(",")]
    except ValueError:
        return None


def _count(model: Any, manifest: BundleManifest) -> Iterator[Problem]:
    declared, count = manifest.trees.trees, len(model["trees"])
    num_trees = model["gbtree_model_param"]["num_trees"]
    if count != declared or num_trees != str(count):
        problem = f"are {count}, num_trees is {num_trees!r}, the manifest declares {declared}"
        yield _problem("trees", problem, "trees-count")
    if _integers(model["tree_info"]) != [0] * count:
        yield _problem("tree_info", "does not assign every tree to the one output", "booster-outputs")
    if not _rises(_integers(model["iteration_indptr"]), count):
        yield _problem("iteration_indptr", f"does not rise from 0 to {count}", "trees-count")
    if any(_integers(part) != [] for part in model["cats"].values()):
        yield _problem("cats", "recodes categories, which the manifest does", "booster-categories")


def _integers(value: object) -> list[int] | None:
    """A list or array of integers as a list, or None."""
    if isinstance(value, list | array) and all(type(item) is int for item in value):
        return list(value)
    return None


def _rises(numbers: Sequence[int] | None, end: int) -> bool:
    if not numbers or len(numbers) < 2:
        return False
    return numbers[0] == 0 and numbers[-1] == end and all(low < high for low, high in itertools.pairwise(numbers))


def _directions(tree: Tree, manifest: BundleManifest) -> Iterator[Problem]:
    """A declared direction holds: the leaves below a split are never above (or below) those on its other side."""
    for index, feature in enumerate(manifest.features):
        if not isinstance(feature, NumberFeature) or feature.direction is None:
            continue
        if (node := tree.violates(index, rising=feature.direction == "increasing")) is not None:
            problem = f"is split at node {node} against its declared direction, {feature.direction}"
            yield _problem(f"tree {tree.number} feature {feature.name!r}", problem, "direction-broken")
