from collections.abc import Callable
from typing import Any

run_docker_container: Callable[..., Any]
