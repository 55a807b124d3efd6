"""verdict.json: whether a bundle may become an image, and why. Evaluate writes it, the gate checks it."""

from typing import ClassVar, Literal, Self

from artifacts.checksum import checksum_of
from artifacts.document import Document, Section
from artifacts.number import Number
from artifacts.split import SplitName
from model.digest import Digest, Sha256

Outcome = Literal["promote", "hold", "reject", "insufficient-data", "invalid"]


class Reason(Section):
    """One rule: what was measured, the bound it was compared with, and the sentence that the report shows."""

    rule: str
    measured: Number | str
    bound: str
    passed: bool
    message: str


class Bootstrap(Section):
    """What the intervals were drawn with."""

    seed: int
    draws: int


class JudgedCut(Section):
    """A model and the test rows that it was judged on, which it had not seen."""

    bundle: Digest
    rows: int
    conversions: int
    test_rows_sha256: Sha256


class Refit(Section):
    """The model that ships: the judged recipe, trained again on `rows` rows with `conversions` (before sampling), all
    older than `until` where they have a time. `metrics` are what it was checked by, on the newest of them.
    """

    bundle: Digest
    rows: int
    conversions: int
    until: str | None
    checked_on: SplitName
    metrics: dict[str, Number]


class Verdict(Document):
    """`bundle` and `champion` are bundle digests; `metrics` are the scalars of metrics.json.

    `bundle` is the model that was judged, on rows that it had not seen. `refit`, where it is not null, is what ships in
    its place; else the judged model does.

    `cuts`, from the newest, are those whose test rows were pooled; empty where there is one. `bundle` is that of the
    first: the others are the same recipe's on older rows, and do not ship.

    `spec_sha256`, `sql_sha256` and `test_rows_sha256` name what the bundle was evaluated with. `sha256` is the checksum
    of all other fields.
    """

    FILE: ClassVar[str] = "verdict.json"
    STEP: ClassVar[str] = "evaluate, and refit after it"

    format: Literal[1] = 1
    verdict: Outcome
    reasons: tuple[Reason, ...]
    metrics: dict[str, Number]
    bundle: Digest
    cuts: tuple[JudgedCut, ...] = ()
    refit: Refit | None = None
    champion: Digest | None
    spec_sha256: Sha256
    sql_sha256: Sha256
    test_rows_sha256: Sha256
    bootstrap: Bootstrap
    sha256: Literal[""] | Sha256 = ""

    def with_checksum(self) -> Self:
        """The verdict with `sha256` filled in. The checksum is compared by the gate, not on reading."""
        return self.model_copy(update={"sha256": checksum_of(self.model_dump(mode="json"))})

    @property
    def ships(self) -> Digest:
        """The bundle that may become an image, where the verdict promotes."""
        return self.refit.bundle if self.refit else self.bundle

    def facts(self) -> dict[str, str]:
        """The few that a person looks for in the artifact's metadata; what decided is by the name of its rule."""
        rules = {reason.rule: f"{reason.measured} ({reason.bound})" for reason in self.failed or self.reasons}
        refit = self.refit.bundle if self.refit else ""
        return {
            "verdict": self.verdict, "bundle": self.bundle, "refit": refit, "champion": self.champion or "", **rules
        }  # fmt: skip

    @property
    def failed(self) -> tuple[Reason, ...]:
        """The reasons that did not pass."""
        return tuple(reason for reason in self.reasons if not reason.passed)
