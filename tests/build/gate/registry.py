"""Violations of the gate's rules by rule: well-formed documents, with their checksum, that no training writes."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from build.gate.fields.rule import FieldRule
from model.text import is_control

Draw = Callable[[st.SearchStrategy[Any]], Any]
Change = Callable[[Draw, dict[str, Any]], object]

CONTROLS = st.characters(categories=["Cc", "Cf", "Co", "Cn", "Zl", "Zp"]).filter(is_control)
STEERING = st.builds(lambda before, control, after: before + control + after, st.text("ab "), CONTROLS, st.text("ab "))
NOT_HEX = st.text(max_size=70).filter(lambda text: len(text) != 64) | st.sampled_from(["A" * 64, "g" * 64])
NEGATIVE = st.integers(-(10**18), -1)
HUGE = st.integers(10**15 + 1, 10**18)
BEYOND_1 = st.floats(1.001, 1e300)
NOT_A_MOMENT = st.sampled_from(["2026-06-31T00:00:00Z", "2026-07-01", "today", "", "2026-07-01T00:00:00+09:00"])
FAR = st.integers(2200, 9999).map(lambda year: f"{year}-01-01T00:00:00Z")


def key(rule: FieldRule[Any]) -> str:
    return f"{rule.field} | {rule.code}"


class Violations(dict[str, Change]):
    """Rule -> a change of a valid document that breaks it."""

    def breaks(self, field: str, code: str) -> Callable[[Change], Change]:
        """Registers the decorated change for the rule."""

        def register(change: Change) -> Change:
            assert f"{field} | {code}" not in self
            self[f"{field} | {code}"] = change
            return change

        return register

    def sets(self, field: str, code: str, path: str, values: st.SearchStrategy[Any]) -> None:
        """The rule is broken by each of these values at the path."""

        def change(draw: Draw, document: dict[str, Any]) -> None:
            *parents, last = path.split(".")
            parent: Any = document
            for step in parents:
                parent = parent[int(step) if step.isdecimal() else step]
            parent[last] = draw(values)

        self.breaks(field, code)(change)
