"""The tables of docs/decision.md, of what `bench/decision.py --json` prints: `python -m bench.decisions.page FILE...`.

Two files stand beside each other in each cell: before and after a change, for all cells of the later one.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.decisions.cells import GAINS
from bench.decisions.generations import GenerationShares
from bench.decisions.rules import RuleShares
from bench.decisions.shares import ALL, DecisionShares, error, pooled

PRODUCT = "product"
OUTCOMES = ("hold", "reject", "insufficient")


def read(path: Path) -> tuple[list[DecisionShares], list[RuleShares], list[GenerationShares]]:
    """The rows of the three tables, those of all kinds of log left out."""
    decisions, rules, generations = [], [], []
    for line in path.read_text("utf-8").splitlines():
        values = json.loads(line)
        if values.get("log") == ALL:
            continue
        if "log" in values:
            decisions.append(DecisionShares(**values))
        elif "worth" in values:
            generations.append(GenerationShares(**values))
        else:
            rules.append(RuleShares(**values))
    return decisions, rules, generations


def decision_table(files: Sequence[list[DecisionShares]]) -> Iterator[str]:
    """A line for each cell, and for all kinds of log together: promoted by truth, the mean lift of equal models,
    coverage and decay; last, promoted with the true curve."""
    truths = " | ".join(f"{gain:+.0%}" if gain else "equal" for gain in GAINS)
    yield f"| log | exponent | conversions | alike | {truths} | lift of equal | covered | decay | equal, true curve |"
    yield "|---|---|---|---|" + "---|" * (len(GAINS) + 4)
    later = {_cell(row) for row in files[-1]}
    compared = [[row for row in rows if _cell(row) in later] for rows in files]
    runs = [{(*_cell(row), row.gain, row.curve): row for row in [*rows, *pooled(rows)]} for rows in compared]
    cells = dict.fromkeys(key[:4] for key in runs[-1])
    for cell in cells:
        promoted = [
            _beside([_share(run.get((*cell, gain, PRODUCT)), errors=gain == 0) for run in runs]) for gain in GAINS
        ]
        equal = [run.get((*cell, 0.0, PRODUCT)) for run in runs]
        lift = _beside([f"{row.lift:+.1%}" if row else "" for row in equal])
        covered = _beside([f"{row.covered:.0%}" if row else "" for row in equal])
        decay = _beside([f"{row.decay:.2f}" if row else "" for row in equal])
        true = _beside([_share(run.get((*cell, 0.0, "true")), errors=True) for run in runs])
        log, exponent, conversions, alike = cell
        numbers = [log, exponent, f"{conversions:,}", alike, *promoted, lift, covered, decay, true]
        yield f"| {' | '.join(map(str, numbers))} |"


def rule_table(files: Sequence[list[RuleShares]]) -> Iterator[str]:
    """A line for each case."""
    yield "| model | must be promoted | promoted | hold | reject | too few | lift | truth |"
    yield "|---|---|---|---|---|---|---|---|"
    runs = [{row.name: row for row in rows} for rows in files]
    for name in dict.fromkeys(name for run in runs for name in run):
        rows = [run[name] for run in runs if name in run]
        limit = f"at least {rows[0].least:.0%}" if rows[0].least else f"at most {rows[0].most:.0%}"
        cells = [
            _beside([f"{row.promoted:.0%} ± {error(row.promoted, row.logs):.0%}" for row in rows]),
            *(_beside([f"{getattr(row, outcome):.0%}" for row in rows]) for outcome in OUTCOMES),
            *(_beside([f"{getattr(row, gain):+.1%}" for row in rows]) for gain in ("lift", "truth")),
        ]
        yield f"| {name} | {limit} | {' | '.join(cells)} |"


def generation_table(files: Sequence[list[GenerationShares]]) -> Iterator[str]:
    """A line for each generation."""
    yield "| random pages | curve | generation | promoted of the worse | of the better | decay | worth | least worth |"
    yield "|---|---|---|---|---|---|---|---|"
    runs = [{(row.explore, row.curve, row.number): row for row in rows} for rows in files]
    for key in dict.fromkeys(key for run in runs for key in run):
        rows = [run[key] for run in runs if key in run]
        cells = [
            _beside([f"{row.of_worse:.0%} ± {row.of_worse_error:.0%}" for row in rows]),
            _beside([f"{row.of_better:.0%} ± {row.of_better_error:.0%}" for row in rows]),
            _beside([f"{row.decay:.2f}" for row in rows]),
            _beside([f"{row.worth:.3f}" for row in rows]),
            _beside([f"{row.least:.3f}" for row in rows]),
        ]
        yield f"| {key[0]:.0%} | {key[1]} | {key[2]} | {' | '.join(cells)} |"


def _cell(row: DecisionShares) -> tuple[str, float, int, float]:
    return row.log, row.exponent, row.conversions, row.alike


def _share(row: DecisionShares | None, *, errors: bool) -> str:
    if row is None:
        return ""
    return f"{row.promoted:.0%} ± {error(row.promoted, row.logs):.0%}" if errors else f"{row.promoted:.0%}"


def _beside(texts: Sequence[str]) -> str:
    return " → ".join(texts) if any(texts) else ""


def main() -> None:
    """Prints the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="of `bench/decision.py --json`")
    files = [read(path) for path in parser.parse_args().files]
    decisions, rules, generations = zip(*files, strict=True)
    for table in (decision_table(decisions), rule_table(rules), generation_table(generations)):
        print("\n".join(table), end="\n\n")


if __name__ == "__main__":
    main()
