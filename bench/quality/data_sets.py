"""The sets: a spec each, and the rows that its SQL reads."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from examples.rental_portal.simulate import Portal, simulate

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
SIMULATOR = ROOT / "examples" / "rental_portal"


@dataclass(frozen=True)
class DataSet:
    """`folder` has its spec; `shared` is its folder in ../shared/data, None for the simulated portal.

    `refused`: it has no signal, so that Kamado must not promote a model; nothing is compared on it.
    """

    name: str
    folder: Path
    shared: str | None
    refused: bool = False

    @property
    def present(self) -> bool:
        return self.shared is None or (SHARED / self.shared).is_dir()

    def data(self, scratch: Path) -> Path:
        """The folder of its tables; the portal's is written into `scratch`."""
        if self.shared is not None:
            return SHARED / self.shared
        simulate(Portal(), scratch / "portal", progress=lambda _done, _total: None)
        return scratch / "portal" / "data"

    def digest(self) -> str:
        """Of its spec and of its tables, or of the simulator's code."""
        digest = hashlib.sha256()
        for path in self._files():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def _files(self) -> Iterator[Path]:
        yield from (self.folder / "spec.yaml", self.folder / "training.sql")
        if self.shared is None:
            yield from sorted(SIMULATOR.glob("*.py"))
        else:
            yield from sorted((SHARED / self.shared).glob("*.gz"))


def _example(name: str, shared: str | None) -> DataSet:
    return DataSet(name, ROOT / "examples" / name, shared)


SETS = {
    data_set.name: data_set
    for data_set in (
        _example("renthop", "renthop_dev"),
        _example("renthop_listlog", "renthop_listlog_dev"),
        _example("bank_marketing", "bank_marketing"),
        _example("online_shoppers", "online_shoppers"),
        _example("telco_churn", "telco_churn"),
        _example("rental_portal", None),
        _example("hillstrom_email", "hillstrom_email"),
        DataSet("hillstrom_conversion", Path(__file__).with_name("hillstrom_conversion"), "hillstrom_email", True),
    )
}
