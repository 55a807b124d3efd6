from kfp.dsl.base_component import BaseComponent
from kfp.dsl.structures import ComponentSpec

class YamlComponent(BaseComponent):
    def __init__(self, component_spec: ComponentSpec, component_yaml: str) -> None: ...
