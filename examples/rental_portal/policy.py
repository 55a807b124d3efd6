"""What decides the order of a page: the portal's old policy, or a released model."""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

from examples.rental_portal.listings import Listings, stated
from model.arrays import Floats, Ints
from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from model.errors import BundleError, Problem


class Policy(ABC):
    """Pages are sorted by falling score."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Two policies of the same identity score alike."""

    @abstractmethod
    def score(self, random: np.random.Generator, listings: Listings, listed: Ints, day: int) -> Floats:
        """(lists, positions), of the listings whose indices in `listings` are `listed`, (lists, positions), on `day`.

        What is random in a score comes from `random`.
        """


class OldPolicy(Policy):
    """Partly right: fresh and near the station first, blind to price and age, and paid places mixed in."""

    @property
    def identity(self) -> str:
        return "old"

    def score(self, random: np.random.Generator, listings: Listings, listed: Ints, day: int) -> Floats:
        flat = listed.ravel()
        score = (
            -0.05 * listings.walk[flat]
            - 0.02 * np.clip(day - listings.first_day[flat], 0, 60)
            + 0.03 * listings.photos[flat]
            + 0.9 * listings.promoted[flat]
            + random.normal(0, 0.7, len(flat))
        )
        scores: Floats = score.reshape(listed.shape)
        return scores


OLD = OldPolicy()
INPUTS = (
    "rent", "area_m2", "walk_minutes", "building_age", "floor", "photos", "deposit_months", "days_listed", "layout",
    "ward", "building",
)  # fmt: skip


class BundlePolicy(Policy):
    """A released model: it reads what the portal states of a listing, and nothing of it is random.

    Its inputs are those that training.sql derives; all are known when the page is shown. Values outside a bundle's
    bounds are scored as they are, as servers do.
    """

    def __init__(self, folder: Path) -> None:
        """Raises BundleError for a damaged bundle, and for inputs that the portal does not have."""
        bundle = load(folder)
        self._predictor = Predictor(bundle)
        self._names = tuple(feature.name for feature in bundle.manifest.inputs)
        if strange := sorted(set(self._names) - set(INPUTS)):
            problem = f"reads {', '.join(strange)}, which the portal does not have"
            hint = f"Use a bundle whose inputs are among {', '.join(INPUTS)}"
            raise BundleError(Problem(str(folder), problem, hint, "bundle-of-another-spec"))

    @property
    def identity(self) -> str:
        return self._predictor.digest

    def score(self, random: np.random.Generator, listings: Listings, listed: Ints, day: int) -> Floats:  # noqa: ARG002
        shown, index = np.unique(listed, return_inverse=True)  # a listing has the same score on every page of a day
        inputs = inputs_of(listings, shown, day)
        matrix = self._predictor.encode({name: inputs[name] for name in self._names})
        scores: Floats = self._predictor.probability(matrix)[index].reshape(listed.shape)
        return scores


def inputs_of(listings: Listings, shown: Ints, day: int) -> dict[str, np.ndarray]:
    """INPUTS of the listings with the indices `shown`, (rows,), on `day`, as training.sql derives them.

    NaN where nothing was stated.
    """
    columns = {name: values[shown] for name, values in stated(listings).items()}
    return columns | {"days_listed": day - listings.first_day[shown]}
