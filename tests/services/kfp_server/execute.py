"""A compiled pipeline on kfp's local engine: `python -m tests.services.kfp_server.execute FILE ARGUMENTS ROOT`."""

import json
import os
import sys
from pathlib import Path

from kfp import components, local


def main(file: str, arguments: str, root: str) -> None:
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=root, workspace_root=f"{root}/workspace")
    # KFP puts sys.executable in place of every "python3" that it meets; under this name it changes nothing.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    sys.executable = "python3"
    graph = components.load_component_from_file(file)
    try:
        graph(**json.loads(arguments))
    except RuntimeError as error:  # of a step, whose log has the reason
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(*sys.argv[1:])
