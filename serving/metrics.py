"""What the server has done since it started, in the text format of Prometheus."""

from collections import Counter
from collections.abc import Iterator


class Counts:
    """Written by the event loop's thread alone."""

    def __init__(self) -> None:
        self.rows = 0
        self.refused: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.outside: Counter[str] = Counter()

    def text(self, *, model: str, digest: str) -> str:
        lines = [
            *_metric("kamado_model_info", "gauge", "The model in service.", [({"model": model, "digest": digest}, 1)]),
            *_metric("kamado_rows_total", "counter", "Rows scored.", [({}, self.rows)]),
            *_counter("kamado_refused_total", "Requests without a score.", "status", self.refused),
            *_counter("kamado_unknown_category_total", "Rows scored as other.", "feature", self.unknown),
            *_counter("kamado_outside_bounds_total", "Rows that training rejects.", "rule", self.outside),
        ]
        return "\n".join(lines) + "\n"


def _counter(name: str, told: str, label: str, values: Counter[str]) -> Iterator[str]:
    return _metric(name, "counter", told, [({label: key}, number) for key, number in sorted(values.items())])


def _metric(name: str, kind: str, told: str, values: list[tuple[dict[str, str], int]]) -> Iterator[str]:
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"
    for labels, number in values:
        inside = ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items())
        yield f"{name}{{{inside}}} {number}" if inside else f"{name} {number}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
