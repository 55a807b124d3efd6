"""The cuts of a verdict that pooled several: each model, and the test rows that it was judged on."""

from collections.abc import Iterator, Mapping

from build.gate.fields import metrics as figures
from build.gate.fields.context import VerdictContext
from build.gate.fields.lineage import DIGEST, HEX
from build.gate.fields.rule import Violation
from model.files import JSON

COUNTS = {"rows": figures.SOME, "conversions": figures.COUNT}
NAMES = {"bundle": DIGEST, "test_rows_sha256": HEX}


def of(context: VerdictContext) -> list[Mapping[str, JSON]]:
    """From the newest; none where the test rows are of one split. Nothing is checked yet."""
    cuts = context.document.get("cuts")
    return [cut for cut in cuts if isinstance(cut, dict)] if isinstance(cuts, list) else []


def older(context: VerdictContext, name: str) -> int:
    """The sum of a count over all cuts but the newest."""
    counts = [cut.get(name) for cut in of(context)[1:]]
    return sum(int(float(str(count))) for count in counts if figures.is_number(count))


def incomplete(context: VerdictContext) -> Iterator[Violation]:
    cuts = context.document.get("cuts", [])
    if not isinstance(cuts, list) or len(cuts) == 1:
        yield Violation("cuts", f"is {cuts!r:.60}, neither empty nor a list of two or more")
        return
    for number, cut in enumerate(cuts):
        if not isinstance(cut, dict):
            yield Violation(f"cuts.{number}", f"is {cut!r:.60}, not an object")
            continue
        for name, pattern in NAMES.items():
            value = cut.get(name)
            if not isinstance(value, str) or not pattern.fullmatch(value):
                yield Violation(f"cuts.{number}.{name}", f"is {value!r:.90}, not a digest")
        for name, allowed in COUNTS.items():
            value = cut.get(name)
            if not (figures.is_number(value) and allowed.contains(float(str(value)))):
                yield Violation(f"cuts.{number}.{name}", f"is {value!r:.40}, not {allowed}")


def unlike_judged(context: VerdictContext) -> Iterator[Violation]:
    """The newest cut is what the rest of the verdict is about."""
    for cut in of(context)[:1]:
        for name in NAMES:
            if cut.get(name) != context.document.get(name):
                yield Violation(f"cuts.0.{name}", f"is {cut.get(name)!r:.90}, not `{name}` of the verdict")
