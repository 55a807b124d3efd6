"""Does a model that made its own logs go on getting better? `python bench/generations.py`.

Simulates a portal over several generations, with several seeds. The lists of generation 0 are in the old policy's
order, those of each later one in the order of the model in service, but for a small share in random order; the days of
a generation follow those of the one before. Each generation runs the project's own steps on its logs: extract,
preprocess, train, evaluate against the model in service, refit; what a verdict `promote` ships is in service from then
on. Where the verdict does not promote, the refit is made all the same, to be compared with the truth.

For each generation it prints what the evaluation estimated, and beside it what only a simulation knows: the true gain
of the retrained model, share of the ideal order's conversions, decay of examination (truth: --exponent).

Exit code 1 when a retrained model is truly worse than the one in service by more than 1 %, or when a promotion lowers
the true conversions of what is in service, by more than two standard errors either.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from artifacts.metrics import MetricsDocument
from artifacts.verdict import Verdict
from bench.arguments import count, share
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.evaluate.metrics.candidate_names import CHAMPION, CURRENT
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.refit.refit import refit
from components.refit.retrain import retrain
from components.train.train import train
from examples.rental_portal.policy import OLD, BundlePolicy, Policy
from examples.rental_portal.simulate import END, Portal, simulate
from examples.rental_portal.traffic import EXPLORE, EXPONENT
from examples.rental_portal.truth import TrueGain, TruthLists
from model.spec.reader import read_spec
from model.spec.types import Spec

TRUTH_LISTS = 10_000
LARGEST_LOSS = 0.01
ERRORS = 2.0  # standard errors that a loss must exceed


def quiet(*_: object) -> None:
    """Progress is not shown."""


@dataclass(frozen=True)
class Settings:
    """Of every generation; `minutes` of the search are the spec's."""

    lists: int = 40_000
    days: int = 90
    trials: int = 4
    explore: float = EXPLORE
    exponent: float = EXPONENT
    truth_lists: int = TRUTH_LISTS

    def portal(self, seed: int, generation: int, policy: Policy) -> Portal:
        """The logs of a generation; no step reads the truth, which is drawn apart."""
        return Portal(
            lists=self.lists,
            days=self.days,
            seed=seed,
            truth=False,
            policy=policy,
            traffic=1_000 * seed + generation,
            end=END + timedelta(days=self.days * generation),
            explore=self.explore,
            exponent=self.exponent,
        )


@dataclass(frozen=True)
class Lift:
    """What evaluation estimated, over the model in service, or over the old order where there is none."""

    over: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Seconds:
    """Processor time by step; `truth` is that of comparing orders."""

    simulate: float
    extract: float
    preprocess: float
    train: float
    evaluate: float
    refit: float
    truth: float


@dataclass(frozen=True)
class Generation:
    """`judged` and `retrained` are true gains of the judged model and of its refit over what was in service.

    `service` is that of what is in service afterwards. Shares are of the conversions of the ideal order.
    """

    seed: int
    number: int
    verdict: str
    failed: tuple[str, ...]
    lift: Lift
    judged: TrueGain
    retrained: TrueGain
    service: TrueGain
    share_retrained: float
    share_service: float
    decay: float
    curve_source: str
    seconds: Seconds

    @property
    def on_own_log(self) -> bool:
        """Whether a model was in service and showed the lists."""
        return self.lift.over == CHAMPION

    @property
    def loses(self) -> bool:
        """Whether the retrained model is truly worse by more than it may be."""
        return self.retrained.value + ERRORS * self.retrained.se < -LARGEST_LOSS

    @property
    def falls(self) -> bool:
        """Whether what is in service afterwards is truly worse than what was before."""
        return self.service.value + ERRORS * self.service.se < 0


def generation(
    spec: Spec, settings: Settings, seed: int, number: int, champion: Path | None, folder: Path
) -> Generation:
    """Runs one generation in `folder`, which is new; what ships, if anything does, is in `folder`/shipped/bundle."""
    clock = _Clock()
    policy = BundlePolicy(champion) if champion else OLD
    portal = settings.portal(seed, number, policy)
    simulate(portal, folder / "portal", progress=quiet)
    clock.stop("simulate")
    final, bundle = _train(spec, settings, champion, portal.end.isoformat(), folder, clock)
    lists = TruthLists(portal, lists=settings.truth_lists, seed=seed)
    before, judged, retrained = (
        lists.conversions(order)
        for order in (policy, BundlePolicy(folder / "trained" / "bundle"), BundlePolicy(bundle))
    )
    after, ideal = retrained if final.verdict == "promote" else before, lists.ideal().sum()
    clock.stop("truth")
    metrics = MetricsDocument.read(folder / "evaluated")
    assert metrics.examination is not None
    return Generation(
        seed=seed,
        number=number,
        verdict=final.verdict,
        failed=tuple(reason.rule for reason in final.failed),
        lift=_lift(metrics, over=CHAMPION if champion else CURRENT),
        judged=TrueGain.of(judged, before),
        retrained=TrueGain.of(retrained, before),
        service=TrueGain.of(after, before),
        share_retrained=float(retrained.sum() / ideal),
        share_service=float(after.sum() / ideal),
        decay=float(metrics.examination.decay),
        curve_source=metrics.examination.source,
        seconds=Seconds(**clock.seconds),
    )


def _train(
    spec: Spec, settings: Settings, champion: Path | None, end: str, folder: Path, clock: "_Clock"
) -> tuple[Verdict, Path]:
    """The steps over the logs in `folder`/portal: the final verdict, and the bundle that ships or would ship."""
    rows, splits, trained, evaluated = (folder / name for name in ("rows", "splits", "trained", "evaluated"))
    extract(spec, f"duckdb:{folder / 'portal' / 'data'}", window(spec, end), rows, progress=quiet)
    clock.stop("extract")
    preprocess(spec, rows, splits, progress=quiet)
    clock.stop("preprocess")
    minutes = spec.training.minutes
    train(
        spec,
        splits,
        splits,
        trained,
        trials=settings.trials,
        minutes=minutes,
        threads=1,
        champion=champion,
        progress=quiet,
    )
    clock.stop("train")
    inputs = InputFolders(trained / "bundle", splits, trained, splits, champion)
    evaluate(spec, inputs, evaluated, progress=quiet, threads=1)
    clock.stop("evaluate")
    shipped, decision, bundle = folder / "shipped", folder / "decision", folder / "shipped" / "bundle"
    refit(spec, splits, trained, evaluated, shipped, decision, threads=1, progress=quiet)
    final = Verdict.read(decision)
    if spec.training.refit and final.refit is None:  # not promoted: what its refit would have been
        bundle = folder / "refit"
        retrain(spec, splits, trained, evaluated, bundle, threads=1, progress=quiet)
    clock.stop("refit")
    return final, bundle


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = process_time()

    def stop(self, name: str) -> None:
        """Everything since the last stop was `name`."""
        now = process_time()
        self.seconds[name], self._last = now - self._last, now


def _lift(metrics: MetricsDocument, *, over: str) -> Lift:
    name = "ips_lift_over_champion" if over == CHAMPION else "ips_lift"
    return Lift(over, *(metrics.scalars[f"{name}{ending}"] for ending in ("", "_low", "_high")))


@dataclass
class _Lineage:
    """A portal between two generations; its `champion` is a bundle, None while the old order is in service."""

    seed: int
    folder: Path
    generation: int = 0
    champion: Path | None = None

    def advance(self, result: Generation) -> None:
        """Of the finished generation only what it ships stays on the disk."""
        finished = self.folder / str(self.generation)
        if result.verdict == "promote":
            self.champion = self.folder / f"champion-{self.generation}"
            shutil.move(finished / "shipped" / "bundle", self.champion)
        shutil.rmtree(finished)
        self.generation += 1


def generations(spec: Spec, settings: Settings, seeds: range, number: int, processes: int) -> Iterator[Generation]:
    """Each as soon as it is ready: those of a seed follow one another, the seeds share `processes` processes."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
    ):
        running: dict[Future[Generation], _Lineage] = {}
        for seed in seeds:
            lineage = _Lineage(seed, Path(temporary) / str(seed))
            running[_start(pool, spec, settings, lineage)] = lineage
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                lineage = running.pop(future)
                yield future.result()
                lineage.advance(future.result())
                if lineage.generation < number:
                    running[_start(pool, spec, settings, lineage)] = lineage


def _start(pool: ProcessPoolExecutor, spec: Spec, settings: Settings, lineage: _Lineage) -> Future[Generation]:
    folder = lineage.folder / str(lineage.generation)
    folder.mkdir(parents=True)
    return pool.submit(generation, spec, settings, lineage.seed, lineage.generation, lineage.champion, folder)


HEADINGS = (
    "seed", "generation", "verdict", "estimated lift", "true: judged", "true: retrained", "share of ideal",
    "in service", "decay", "CPU s",
)  # fmt: skip


def table(results: list[Generation]) -> Table:
    """A row for each generation."""
    title = "true gains are over what was in service; a lift of generation 0 is over the old order"
    view = Table(title=title)
    for heading in HEADINGS:
        view.add_column(heading, justify="right", no_wrap=True)
    for row in sorted(results, key=lambda result: (result.seed, result.number)):
        view.add_row(
            str(row.seed), str(row.number), row.verdict,
            f"{row.lift.value:+.1%} ({row.lift.low:+.1%} to {row.lift.high:+.1%})",
            f"{row.judged.value:+.1%} ± {row.judged.se:.1%}", f"{row.retrained.value:+.1%} ± {row.retrained.se:.1%}",
            f"{row.share_retrained:.3f}", f"{row.share_service:.3f}", f"{row.decay:.2f}",
            f"{sum(asdict(row.seconds).values()):.0f}",
        )  # fmt: skip
    return view


def summary(results: list[Generation]) -> str:
    """What decides the exit code."""
    later = [row for row in results if row.on_own_log]
    worse, falls = sum(row.loses for row in later), sum(row.falls for row in later)
    return (
        f"of {len(later)} models trained on what a model showed {worse} are truly worse than it by more than "
        f"{LARGEST_LOSS:.0%}; {falls} promotions lowered the share of ideal in service"
    )


def main() -> int:
    """Exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Settings()
    parser.add_argument("--generations", type=count, default=5, help="of each portal")
    parser.add_argument("--seeds", type=count, default=5, help="simulated portals")
    parser.add_argument("--first", type=int, default=1, help="seed of the first portal")
    parser.add_argument("--lists", type=count, default=usual.lists, help="of each generation, 20 rows a list")
    parser.add_argument("--trials", type=count, default=usual.trials, help="of the search")
    parser.add_argument("--explore", type=share, default=usual.explore, help="share of lists in random order")
    parser.add_argument("--exponent", type=float, default=usual.exponent, help="of examination")
    parser.add_argument("--spec", type=Path, default=ROOT / "examples" / "rental_portal", help="folder of the spec")
    parser.add_argument("--processes", type=count, default=1)
    parser.add_argument("--json", action="store_true", help="a line for each generation instead of the table")
    args = parser.parse_args()
    settings = Settings(lists=args.lists, trials=args.trials, explore=args.explore, exponent=args.exponent)
    seeds = range(args.first, args.first + args.seeds)
    results = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("generations", total=args.seeds * args.generations)
        for result in generations(read_spec(args.spec), settings, seeds, args.generations, args.processes):
            results.append(result)
            progress.advance(task)
            if args.json:
                print(json.dumps(asdict(result)), flush=True)
            else:
                progress.console.print(f"seed {result.seed}, generation {result.number}: {result.verdict}")
    if not args.json:
        console = Console(width=150)
        console.print(table(results))
        console.print(summary(results))
    return int(any(result.on_own_log and (result.loses or result.falls) for result in results))


if __name__ == "__main__":
    sys.exit(main())
