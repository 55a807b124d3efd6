from typing import Any

class SubprocessRunner:
    def __init__(self, use_venv: bool = True) -> None: ...

class DockerRunner:
    def __init__(self, **container_run_args: Any) -> None: ...

def init(
    runner: SubprocessRunner | DockerRunner, pipeline_root: str = ..., workspace_root: str | None = None
) -> None: ...
