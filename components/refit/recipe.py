"""What the training of a bundle chose, read back from its manifest."""

from dataclasses import dataclass

from artifacts.training import StartName
from components.train.boosting import Parameters
from components.train.fitted_model import ALONE
from model.bundle.manifest import BundleManifest

# One booster on all rows gains from more rounds than one on four fifths of the train split: it has more rows.
MORE_ROUNDS = 1.15
OF_THE_SEARCH = {
    *("kind", "start", "rounds", "linear_strength", "log_loss", "trials", "stopped_by", "seed"),
    *("engine", "workers"),
}


@dataclass(frozen=True)
class Recipe:
    """`alone`: a logistic regression without trees. `rounds` are those of the judged model; `strength` is C of the
    logistic regression of a linear start."""

    alone: bool
    start: StartName
    parameters: Parameters
    rounds: int
    strength: float

    @classmethod
    def of(cls, manifest: BundleManifest) -> "Recipe":
        """Of a bundle that train wrote."""
        search = manifest.search
        return cls(
            alone=search["kind"] == ALONE,
            start="linear" if search["start"] == "linear" else "trees",
            parameters={
                name: value
                for name, value in search.items()
                if name not in OF_THE_SEARCH and isinstance(value, int | float)
            },
            rounds=int(str(search["rounds"])),
            strength=float(str(search["linear_strength"])),
        )

    @property
    def refit_rounds(self) -> int:
        """Of each member of the refit."""
        return round(self.rounds * MORE_ROUNDS)
