"""Every input that once got a wrong answer, a crash or a false pass, with its outcome now.

`python -m tests.cases` runs the tests marked `case` and prints case -> outcome, folder by folder. Such a test has
the mark `@pytest.mark.case("description of the input")` and passes the product's answer to the fixture `outcome`.
"""

import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.markup import escape
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]


class CaseTable:
    """A pytest plugin that selects the marked tests and prints the outcome of each."""

    def __init__(self) -> None:
        self.console = Console()
        self.table = Table("case", "outcome", "", show_edge=False, pad_edge=False)
        self.folder = ""
        self.wrong = 0

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        cases = []
        for item in items:
            if marker := item.get_closest_marker("case"):
                (description,) = marker.args
                variant = f" [{item.callspec.id}]" if hasattr(item, "callspec") else ""
                item.user_properties.append(("case", description + variant))
                cases.append(item)
        config.hook.pytest_deselected(items=[item for item in items if item not in cases])
        items[:] = cases

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            return
        properties = dict(report.user_properties)
        folder = report.nodeid.split("/")[1]
        if folder != self.folder:
            self.table.add_section()
            self.folder = folder
        self.wrong += report.outcome == "failed"
        verdict = {"passed": "[green]right", "failed": "[red]WRONG", "skipped": "[yellow]skipped"}[report.outcome]
        self.table.add_row(escape(properties["case"]), escape(str(properties.get("outcome", ""))), verdict)


def main() -> int:
    """0 = every case got the right answer, 1 = some did not."""
    cases = CaseTable()
    code = pytest.main(["-q", "--no-header", "--no-summary", "-p", "no:cacheprovider", str(ROOT / "tests")], [cases])
    cases.console.print(cases.table)
    cases.console.print(f"{cases.table.row_count} cases, {cases.wrong} wrong")
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
