"""The progress of a training: what it does now, and a count of the stages that are done."""

from model.progress import ReportProgress

BEFORE, AFTER = 2, 4  # stages before the trials, and behind the folds of the ensemble


class Stages:
    """Calls `report` with (done, total, message) when a stage begins; a trial and a fold are a stage each."""

    def __init__(self, report: ReportProgress, *, trials: int, folds: int, cuts: int = 1) -> None:
        self._report, self._trials, self._cuts = report, trials, cuts
        self._of_a_cut = BEFORE + trials + folds + AFTER
        self._before, self._done, self._cut = 0, -1, 1

    def begin_cut(self, number: int) -> None:
        """The stages that follow are those of this cut."""
        self._before, self._done, self._cut = (number - 1) * self._of_a_cut, -1, number

    def begin(self, message: str) -> None:
        self._done += 1
        cut = f"cut {self._cut} of {self._cuts}: " if self._cuts > 1 else ""
        self._report(self._before + self._done, self._total, f"{cut}{message}")

    def searched(self, trials: int, message: str) -> None:
        """`trials` of the search are over."""
        self._done = BEFORE + trials - 1
        self.begin(message)

    def search_is_over(self) -> None:
        """Also after fewer trials than planned."""
        self._done = BEFORE + self._trials - 1

    def end(self, message: str) -> None:
        self._report(self._total, self._total, message)

    @property
    def _total(self) -> int:
        return self._cuts * self._of_a_cut
