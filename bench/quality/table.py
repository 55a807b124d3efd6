"""The tables of the comparison."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.quality.comparison import KAMADO, SetComparison, ToolResult
from bench.quality.tools import TOOLS


def show(comparisons: Sequence[SetComparison], console: Console) -> None:
    """Log losses with what Kamado is behind; then AUC, cost, size and speed."""
    if not comparisons:
        return
    console.print(_log_losses(comparisons))
    console.print(_costs(comparisons))


def _log_losses(comparisons: Sequence[SetComparison]) -> Table:
    table = Table(
        title="log loss on rows that no tool saw: the median over the seeds, and by how many percent Kamado is behind\n"
        "(below 0: ahead) with its 95 % interval",
        title_justify="left",
    )
    others = [name for name in TOOLS if name != KAMADO]
    headings = ("set", "rows", "seeds", "judged", "Kamado", *(TOOLS[name].title for name in others), "best peer")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "set" else "right")
    for comparison in comparisons:
        kamado = comparison.results.get(KAMADO)
        cells = [_other(comparison, comparison.results[name]) if name in comparison.results else "-" for name in others]
        judged = f"{kamado.judged_log_loss:.5f}" if kamado and kamado.judged_log_loss is not None else "-"
        figures = (judged, _figure(kamado) if kamado else "-")
        table.add_row(
            comparison.name,
            f"{len(comparison.rows.label):,}",
            _seeds(comparison),
            *figures,
            *cells,
            _verdict(comparison),
        )
    return table


def _costs(comparisons: Sequence[SetComparison]) -> Table:
    table = Table(
        title="AUC; processor seconds of training; what ships, in MB; rows scored in a processor second",
        title_justify="left",
    )
    for heading in ("set", *(tool.title for tool in TOOLS.values())):
        table.add_column(heading, justify="left" if heading == "set" else "right")
    for comparison in comparisons:
        table.add_row(
            comparison.name, *(_cost(comparison.results[name]) if name in comparison.results else "-" for name in TOOLS)
        )
    return table


def _seeds(comparison: SetComparison) -> str:
    fewest = min(len(result.seeds) for result in comparison.results.values())
    most = max(len(result.seeds) for result in comparison.results.values())
    return str(most) if fewest == most else f"{fewest}-{most}"


def _figure(result: ToolResult) -> str:
    return f"{result.log_loss:.5f}"


def _other(comparison: SetComparison, result: ToolResult) -> str:
    if KAMADO not in comparison.results:
        return _figure(result)
    estimate = comparison.interval(result)
    interval = f"({100 * estimate.low:+.1f} {100 * estimate.high:+.1f})"
    return f"{_figure(result)}\n{comparison.behind(result):+.2f} % {interval}"


def _verdict(comparison: SetComparison) -> str:
    if comparison.best is None or KAMADO not in comparison.results:
        return "-"
    percent = comparison.behind(comparison.best)
    return f"{'BEHIND' if percent > 0 else 'ahead of'} {TOOLS[comparison.best.tool].title}\n{percent:+.2f} %"


def _cost(result: ToolResult) -> str:
    rate = f"{result.rows_per_cpu_second:,.0f}/s"
    return f"{result.auc:.4f}\n{result.cpu_seconds:.1f} s, {result.megabytes:.2f} MB\n{rate}"
