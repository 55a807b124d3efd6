"""What a run and its spec ask of a source whose queries are billed."""

from collections.abc import Callable
from dataclasses import dataclass

from model.spec.types import Spec

USD_PER_TIB = 6.25  # of a query on demand
READ_WHOLE = 10**10  # bytes
EXPORTED = 10**12  # bytes


def no_report(_: str) -> None:
    """For callers that show nothing."""


@dataclass(frozen=True)
class QueryOptions:
    """`keys` are columns whose checksum is compared; none for no comparison. `data_version` is the state of the tables
    for which the rows are wanted. `materialize` is a dataset, `export` a gs:// address; empty for neither. `report`
    gets lines for people."""

    model: str = ""
    team: str = ""
    keys: tuple[str, ...] = ()
    data_version: str = ""
    usd_per_tib: float = USD_PER_TIB
    max_unpartitioned_bytes: int = READ_WHOLE
    materialize: str = ""
    materialize_days: int = 7
    export: str = ""
    export_above_bytes: int = EXPORTED
    report: Callable[[str], None] = no_report

    @classmethod
    def of(cls, spec: Spec, *, data_version: str = "", report: Callable[[str], None] = no_report) -> "QueryOptions":
        """Those that a spec asks for."""
        source, roles = spec.source, spec.columns
        keys = roles.key or tuple(filter(None, (roles.list, roles.item, roles.time)))
        return cls(
            model=spec.model,
            team=source.team or "",
            keys=keys if source.check_keys else (),
            data_version=data_version,
            usd_per_tib=source.usd_per_tib,
            max_unpartitioned_bytes=source.max_unpartitioned_bytes,
            materialize=source.materialize or "",
            materialize_days=source.materialize_days,
            export=source.export or "",
            export_above_bytes=source.export_above_bytes,
            report=report,
        )
