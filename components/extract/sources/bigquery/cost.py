"""Bytes of a query and what they cost. A price is an estimate: contracts, free tiers and reservations differ."""

from dataclasses import dataclass

from model.errors import Problem, SpecError

TIB = 1 << 40
UNITS = ("B", "KB", "MB", "GB", "TB", "PB")


@dataclass(frozen=True)
class QueryPrice:
    """What these bytes cost on demand, at this price."""

    size: int
    usd_per_tib: float

    @property
    def usd(self) -> float:
        return round(self.size / TIB * self.usd_per_tib, 6)

    def __str__(self) -> str:
        usd = f"{self.usd:,.2f}" if self.usd >= 0.01 else "less than 0.01"
        return (
            f"{self.size:,} bytes ({readable(self.size)}), "
            f"estimated at {usd} USD ({self.usd_per_tib:g} USD per TiB on demand)"
        )


def readable(size: float) -> str:
    """A size for people: 12.3 GB."""
    step = 0
    while size >= 999.95 and step < len(UNITS) - 1:
        size, step = size / 1000, step + 1
    return f"{size:.1f} {UNITS[step]}" if step else f"{size:.0f} {UNITS[step]}"


def refuse_too_large(limit: int, size: int) -> None:
    """Raises SpecError."""
    if size > limit:
        raise too_large(limit, size)


def too_large(limit: int, size: int | None) -> SpecError:
    """`size` is None where BigQuery does not report how many bytes."""
    message = f"is {limit:,} bytes, and the query would read {f'{size:,} bytes' if size is not None else 'more'}"
    hint = "Bound the partition column by @start and @end, select fewer columns, or raise it. LIMIT saves no bytes"
    return SpecError(Problem("source.max_bytes_billed", message, hint, "query-too-large"))
