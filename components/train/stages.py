"""The progress of a training: what it does now, and a count of the stages that are done."""

from model.progress import ReportProgress

BEFORE, AFTER = 2, 4  # stages before the trials, and behind the folds of the ensemble


class Stages:
    """Calls `report` with (done, total, message) when a stage begins; a trial and a fold are a stage each."""

    def __init__(self, report: ReportProgress, *, trials: int, folds: int) -> None:
        self._report, self._trials = report, trials
        self._total = BEFORE + trials + folds + AFTER
        self._done = -1

    def begin(self, message: str) -> None:
        self._done += 1
        self._report(self._done, self._total, message)

    def searched(self, trials: int, message: str) -> None:
        """`trials` of the search are over."""
        self._done = BEFORE + trials - 1
        self.begin(message)

    def search_is_over(self) -> None:
        """Also after fewer trials than planned."""
        self._done = BEFORE + self._trials - 1

    def end(self, message: str) -> None:
        self._report(self._total, self._total, message)
