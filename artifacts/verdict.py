"""verdict.json: whether a bundle may become an image, and why. Evaluate writes it, the gate checks it."""

from typing import ClassVar, Literal, Self

from artifacts.checksum import checksum_of
from artifacts.document import Document, Section
from artifacts.number import Number
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


class Verdict(Document):
    """`bundle` and `champion` are bundle digests; `metrics` are the scalars of metrics.json.

    `spec_sha256`, `sql_sha256` and `test_rows_sha256` name what the bundle was evaluated with. `sha256` is the checksum
    of all other fields.
    """

    FILE: ClassVar[str] = "verdict.json"
    STEP: ClassVar[str] = "evaluate"

    format: Literal[1] = 1
    verdict: Outcome
    reasons: tuple[Reason, ...]
    metrics: dict[str, Number]
    bundle: Digest
    champion: Digest | None
    spec_sha256: Sha256
    sql_sha256: Sha256
    test_rows_sha256: Sha256
    bootstrap: Bootstrap
    sha256: Literal[""] | Sha256 = ""

    def with_checksum(self) -> Self:
        """The verdict with `sha256` filled in. The checksum is compared by the gate, not on reading."""
        return self.model_copy(update={"sha256": checksum_of(self.model_dump(mode="json"))})

    def facts(self) -> dict[str, str]:
        """The few that a person looks for in the artifact's metadata; what decided is by the name of its rule."""
        rules = {reason.rule: f"{reason.measured} ({reason.bound})" for reason in self.failed or self.reasons}
        return {"verdict": self.verdict, "bundle": self.bundle, "champion": self.champion or "", **rules}

    @property
    def failed(self) -> tuple[Reason, ...]:
        """The reasons that did not pass."""
        return tuple(reason for reason in self.reasons if not reason.passed)
