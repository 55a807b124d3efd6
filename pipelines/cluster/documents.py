"""The YAML documents of a compiled pipeline: its specification, then the settings of Kubernetes where it has them."""

from collections.abc import Mapping
from typing import Any

import yaml

YamlDocument = Mapping[str, Any]


def documents(text: bytes | str) -> list[YamlDocument]:
    """By the parser in C where there is one: the one in Python takes a second for a pipeline."""
    return list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
