"""Why a room says no.

    Refused                 something given was not good enough; `faults` lists all of it
    ├── SpecRefused         the spec or its SQL
    ├── DataRefused         the rows, the files or the folders they are in
    ├── BundleRefused       a trained model that must not be used
    └── OutputRefused       the place where results should go

A refusal is for the person who can mend it: every fault names the field, what was found there, and the way out.
"""

from dataclasses import dataclass
from typing import ClassVar

from model.text import printable


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong. `code` is stable and for programs; the rest is for people.

    What a fault says often comes from the file that is at fault: control characters become their escapes here, so that
    no terminal, log or report has to defend itself.
    """

    where: str
    found: str
    way_out: str
    code: str = ""

    def __post_init__(self) -> None:
        for name in ("where", "found", "way_out", "code"):
            object.__setattr__(self, name, printable(getattr(self, name)))

    def __str__(self) -> str:
        label = f"[{self.code}] " if self.code else ""
        return f"{label}{self.where}: {self.found}. {self.way_out}"


class Refused(Exception):
    """Carries every fault, not the first."""

    heading: ClassVar[str] = "refused"

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(f"{self.heading}, {len(faults)} fault(s):\n" + "\n".join(f"  {fault}" for fault in faults))


class SpecRefused(Refused):
    heading = "the spec was refused"


class DataRefused(Refused):
    heading = "the data was refused"


class BundleRefused(Refused):
    heading = "the bundle was refused"


class OutputRefused(Refused):
    heading = "the results cannot be written"


class Faults:
    """Collects faults so that they are told all at once."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, where: str, found: str, way_out: str, code: str = "") -> None:
        self.found.append(Fault(where, found, way_out, code))

    def raise_if_any(self, kind: type[Refused]) -> None:
        if self.found:
            raise kind(*self.found)
