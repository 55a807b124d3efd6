"""The process that runs the compiled pipeline tells its own failures too, where no step is there to do it."""

import json
import os
import subprocess
import sys

from pipelines.compile import ROOT, compile_training, local_image


def test_what_fails_outside_of_the_steps_is_told_with_its_reason(tmp_path):
    compile_training(local_image(), tmp_path / "pipeline.yaml")
    (tmp_path / "arguments.json").write_text(json.dumps({"spec": "{}", "nobody": "asked for this"}))
    command = [
        sys.executable,
        "-m",
        "pipelines.local",
        tmp_path / "pipeline.yaml",
        tmp_path / "arguments.json",
        tmp_path,
    ]
    environment = {**os.environ, "KAMADO_EVENTS": str(tmp_path / "events.jsonl")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode != 0
    told = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [(one["step"], one["event"]) for one in told] == [("pipeline", "failed")]
    assert "nobody" in told[0]["says"]
