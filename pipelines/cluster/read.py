"""Reading cluster.yaml, with every problem at once and the line of each."""

import difflib
from collections.abc import Iterator
from pathlib import Path

import pydantic
import yaml
from pydantic_core import ErrorDetails

from model.errors import KamadoError, Problem
from model.spec.messages import WORDS, short_repr
from pipelines.cluster.settings import SECTIONS, ClusterSettings

PAGE = "docs/cluster.md has every key"
# By the end of a key's path: what a text there must be like.
FORMS = {
    "api": "Write an address, like http://ml-pipeline.kubeflow:8888",
    "ui": "Write an address, like https://kubeflow.example/pipeline",
    "key": "Write it as Kubernetes has it: letters, digits, `-`, `_` and `.`",
    "secrets": "Write the name of a variable, like KAMADO_SIGNING_KEY",
}
NAME = "Write a name that Kubernetes takes: letters, digits, `-` and `.`, a letter or digit first and last"


class ClusterError(KamadoError):
    heading = "the settings of the cluster were refused"


def read_cluster_settings(path: Path) -> ClusterSettings:
    """The settings in a YAML file; an empty one has all defaults. Raises ClusterError with every problem."""
    root = _parsed(path)
    try:
        document = yaml.SafeLoader.construct_document(yaml.SafeLoader(""), root) if root else {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a day like 2026-02-30
        raise _not_yaml(path, error) from None
    problems = [*_duplicates(path, root)]
    if not isinstance(document, dict):
        raise ClusterError(Problem(str(path), "has no keys", PAGE, "cluster-no-keys"))
    try:
        settings = ClusterSettings.model_validate(document)
    except pydantic.ValidationError as error:
        details = error.errors(include_url=False)
        raise ClusterError(*problems, *(p for detail in details for p in _problems(path, root, detail))) from None
    if problems:
        raise ClusterError(*problems)
    return settings


def _parsed(path: Path) -> yaml.Node | None:
    try:
        loader = yaml.SafeLoader(path.read_text("utf-8"))
        return loader.get_single_node()
    except FileNotFoundError:
        hint = "CLUSTER names a file of settings, as examples/cluster.yaml"
        raise ClusterError(Problem(str(path), "is not there", hint, "cluster-missing")) from None
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise ClusterError(
            Problem(str(path), problem, "Make it a file that you may read", "cluster-unreadable")
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: not UTF-8
        raise _not_yaml(path, error) from None


def _not_yaml(path: Path, error: Exception) -> ClusterError:
    problem = f"is not YAML ({' '.join(str(error).split())[:500]})"
    return ClusterError(Problem(str(path), problem, "Fix that line", "cluster-not-yaml"))


def _duplicates(path: Path, root: yaml.Node | None) -> Iterator[Problem]:
    """YAML keeps the last of two equal keys, and says nothing."""
    nodes, seen = [root] if root else [], set[int]()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:  # an anchor may hold itself
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        if isinstance(node, yaml.MappingNode):
            names = [key.value for key, _ in node.value]
            for index, (key, value) in enumerate(node.value):
                nodes.append(value)
                if key.value in names[:index]:
                    where = f"{path}:{key.start_mark.line + 1} {short_repr(key.value)}"
                    yield Problem(where, "stands twice", "Keep the one that is meant", "cluster-key-twice")


def _problems(path: Path, root: yaml.Node | None, detail: ErrorDetails) -> Iterator[Problem]:
    location = tuple(part for part in detail["loc"] if part != "[key]")
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "value_error":  # of a validator of ours: "key: problem | hint", or without the key
        for line in message.split("\n"):
            key, colon, rest = line.partition(": ") if not location else ("", ":", line)
            here = (*location, *key.split(".")) if key else location
            problem, _, hint = (rest if colon else line).partition(" | ")
            yield Problem(_where(path, root, here), problem, hint[:1].upper() + hint[1:], "cluster-value")
    elif detail["type"] == "extra_forbidden":
        yield Problem(_where(path, root, location), "is an unknown key", _nearest(location), "cluster-unknown-key")
    elif detail["type"] == "missing":
        yield Problem(_where(path, root, location), "is missing", f"Add `{location[-1]}:`", "cluster-missing-key")
    else:
        yield Problem(_where(path, root, location), f"is {short_repr(detail['input'])}", _hint(detail), "cluster-value")


def _where(path: Path, root: yaml.Node | None, location: tuple[str | int, ...]) -> str:
    """`cluster.yaml:7 spot.tolerations.0.key`: the line of the nearest key that is there."""
    line, node = 1, root
    for step in location:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(step)]
            if not pairs:
                break
            line, node = pairs[-1][0].start_mark.line + 1, pairs[-1][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return f"{path}:{line} {'.'.join(map(str, location))}"


def _nearest(location: tuple[str | int, ...]) -> str:
    section: type[pydantic.BaseModel] = ClusterSettings
    for step in location[:-1]:
        section = SECTIONS.get(str(step), section)
    known = list(section.model_fields)
    near = difflib.get_close_matches(str(location[-1]), known, 1, 0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}"


def _hint(detail: ErrorDetails) -> str:
    if detail["type"] == "string_pattern_mismatch":
        named = [str(part) for part in detail["loc"] if isinstance(part, str)]
        keys = named[-3:-2] if named[-1:] == ["[key]"] else named[-1:]
        return FORMS.get(keys[0] if keys else "", NAME)
    return WORDS.get(detail["type"], PAGE).format(**detail.get("ctx", {}))
