"""What the pipeline costs beside its work: `python bench/pipeline_overhead.py`.

Trains one model on a simulated portal twice: with `kamado run`, where every step is a process of KFP's runner, and by
calling the functions of the steps in one process. Prints the processor seconds of both and their difference. Exit code
1 when the goal is missed.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SPEC = ROOT / "examples" / "rental_portal"
MOST_SECONDS = 5.0

DIRECT = """
import sys
from os import environ
from pathlib import Path
from build.image.request import BuildRequest
from build.settings import cache_folder, git_commit
from components.build_image.account import Account
from components.build_image.build_image import build_image
from components.conclude.conclude import conclude
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.refit.refit import refit
from components.train.train import train
from joblib import cpu_count
from model.spec.reader import read_spec

spec, data, trials, out = read_spec(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
quiet = lambda *_: None
names = ("rows", "splits", "trained", "evaluated", "shipped", "decided", "image")
rows, splits, trained, evaluated, shipped, decided, image = (out / name for name in names)
extract(spec, f"duckdb:{data}", window(spec, str(spec.source.end)), rows, progress=quiet)
preprocess(spec, rows, splits, progress=quiet)
train(spec, splits, rows, trained, trials=trials, minutes=10, threads=cpu_count(), progress=quiet)
evaluate(spec, InputFolders(trained / "bundle", splits, trained, rows), evaluated, progress=quiet)
refit(spec, splits, trained, evaluated, shipped, decided, threads=cpu_count(), progress=quiet)
request = BuildRequest(f"oci:{out / 'images'}", None, cache_folder(environ), commit=git_commit(environ))
build_image(shipped / "bundle", decided, request, image, report=quiet)
conclude(Account.read(spec.model, decided, image, None).outcome, decided, image)
"""


def cpu_seconds(command: list[str]) -> float:
    """Of the command and all that it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE", "PYTHONDONTWRITEBYTECODE": ""}  # as make sets them
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 3):  # promoted, or held
        raise SystemExit(f"{command[:4]} ended with {done.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=12_000, help="lists of the simulated portal")
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of both")
    args = parser.parse_args()
    pipeline, direct = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        portal, trials = Path(folder) / "portal", str(args.trials)
        simulate = [sys.executable, "-m", "cli", "simulate", str(portal), "--lists", str(args.lists)]
        subprocess.run(simulate, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        data = str(portal / "data")
        for number in range(args.rounds + 1):  # the first makes the server base, and bytecode
            out = Path(folder) / str(number)
            run = ["run", "--spec", str(SPEC), "--data", data, "--trials", trials, "--out", str(out / "out")]
            pipeline.append(cpu_seconds([sys.executable, "-m", "cli", *run]))
            (out / "direct").mkdir()
            direct.append(cpu_seconds([sys.executable, "-c", DIRECT, str(SPEC), data, trials, str(out / "direct")]))
    for name, values in {"kamado run": pipeline[1:], "functions": direct[1:]}.items():
        print(f"{name:<12} {statistics.median(values):.1f} s of CPU ({min(values):.1f} to {max(values):.1f})")
    overhead = statistics.median(pipeline[1:]) - statistics.median(direct[1:])
    print(f"{'overhead':<12} {overhead:.1f} s of CPU, goal at most {MOST_SECONDS}")
    return int(overhead > MOST_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
