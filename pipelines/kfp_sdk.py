"""Kubeflow's SDK without its client.

`import kfp` brings the client, and with it all models of the Kubernetes API: 0.3 s of every process that compiles or
runs a pipeline. KFP leaves it out where `_KFP_RUNTIME` is set, as in its steps, and then `kfp.dsl` is without what
compiles; so it is set only while the package itself is imported. Packages here import KFP from this module.
"""

import os

SWITCH = "_KFP_RUNTIME"


def _import_package() -> None:
    previous = os.environ.get(SWITCH)
    os.environ[SWITCH] = "true"
    try:
        import kfp  # noqa: F401 (for the modules below, which are imported from it)
    finally:
        del os.environ[SWITCH]
        if previous is not None:
            os.environ[SWITCH] = previous


_import_package()

from kfp import compiler, dsl, local
from kfp.dsl.base_component import BaseComponent
from kfp.dsl.pipeline_channel import PipelineChannel
from kfp.dsl.structures import ComponentSpec, ResourceSpec
from kfp.dsl.yaml_component import YamlComponent

__all__ = [
    "BaseComponent", "ComponentSpec", "PipelineChannel", "ResourceSpec", "YamlComponent", "compiler", "dsl",
    "local",
]  # fmt: skip
