"""Look at a spec and its data before any training: `python -m pipelines.check_spec --spec FOLDER --data FOLDER`.

The first steps of the training pipeline run as they are, and what they found is shown: the type of each column as it
was read, rows, conversions, what was rejected, the parts, warnings and problems. Exit code 0: a run would come to
training; 1: it would not, and every problem is told; 2: an argument is wrong; 130: interrupted.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from pipelines.arguments import DataRequest, command_line, read_data_request
from pipelines.checking import checking
from pipelines.command import carry_out
from pipelines.findings import Findings
from pipelines.local.events import StepEnded
from pipelines.local.progress import Progress
from pipelines.local.run_log import RunLog
from pipelines.local.subprocess_runner import PipelineProcess
from pipelines.sample import source_of


def main(arguments: Sequence[str], _: Mapping[str, str]) -> int:
    args, unknown = command_line("pipelines.check_spec", __doc__).read(arguments)

    def work(console: Console) -> Findings:
        # A folder of its own: a check may run beside a training run.
        return check(read_data_request(args, unknown, results="check"), console)

    return carry_out(work, as_json=args.json)


def check(request: DataRequest, console: Console) -> Findings:
    """What the steps found. Raises StepEnded when one breaks; a refusal is among the findings."""
    with request.output.locked():
        run = request.output.new_run()
        try:
            return _look(request, run, console)
        finally:
            shutil.rmtree(run)


def _look(request: DataRequest, run: Path, console: Console) -> Findings:
    parameters = {"source": source_of(request, console), "end": request.end.isoformat()}
    refusal = None
    try:
        with PipelineProcess(run, checking, request.spec, parameters) as pipeline, Progress(console) as progress:
            pipeline.watch(progress, RunLog(run / "run.log"))
    except StepEnded as ended:
        if not ended.problems:
            raise StepEnded(ended.step, f"{ended.says}\n{_tail(pipeline.kfp_log)}", log=None) from None
        refusal = ended
    return Findings.read(run / "artifacts", request.spec, refusal)


def _tail(log: Path) -> str:
    """The end of the runner's log, which goes with its folder."""
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-30:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
