"""Everything of the outer world that a run depends on, as values: later steps are cached by them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, TypeVar

from build.settings import cache_folder, required_key
from components.extract.sources.open import open_source
from components.extract.sources.options import QueryOptions
from components.extract.window import window
from components.resolve.champion import pinned_champion
from components.resolve.checks import (
    refuse_lost_in_a_pod,
    refuse_missing_base,
    refuse_missing_store,
    refuse_wrong_keys,
)
from components.resolve.end import resolved_end
from model.errors import KamadoError
from model.spec.types import Spec

Answer = TypeVar("Answer")


class ResolveError(KamadoError):
    """A name that was given leads nowhere."""

    heading: ClassVar[str] = "the run cannot start"


@dataclass(frozen=True)
class RunInputs:
    """As the graph passes them, empty without a value: `scheduled` and `created` are moments of the run in ISO 8601,
    `cluster` is whether steps run in pods."""

    end: str
    scheduled: str
    created: str
    source: str
    base: str
    champion: str
    destination: str
    cluster: bool


@dataclass(frozen=True)
class Resolved:
    """`end` as 2026-07-01, `data_version` in the words of the source, `champion` pinned by digest; empty on refusal."""

    end: str = ""
    data_version: str = ""
    champion: str = ""


def resolve(
    spec: Spec, inputs: RunInputs, environ: Mapping[str, str], *, today: date, report: Callable[[str], None]
) -> Resolved:
    """Asks all, then refuses with everything that is wrong.

    Raises ResolveError, or the first error that is not final: the same questions may then be answered later.
    """
    questions = _Questions()
    end = questions.ask(
        lambda: resolved_end(
            inputs.end, spec.source.end, scheduled=inputs.scheduled, created=inputs.created, today=today
        )
    )
    notes = list[str]()  # which release it is: later steps see its digest alone
    champion = questions.ask(
        lambda: pinned_champion(
            inputs.champion,
            spec.model,
            cache=cache_folder(environ),
            required=required_key(environ),
            report=notes.append,
        )
    )
    version = questions.ask(lambda: _data_version(spec, inputs.source, end or today, report))
    if inputs.cluster:
        questions.ask(lambda: refuse_lost_in_a_pod(inputs.base, inputs.destination))
    if inputs.base:
        questions.ask(lambda: refuse_missing_base(inputs.base, environ))
    if inputs.destination:
        questions.ask(lambda: refuse_missing_store(inputs.destination, spec.model, environ))
    questions.ask(lambda: refuse_wrong_keys(environ))
    questions.raise_if_any()
    assert end is not None  # nothing was refused
    assert version is not None
    assert champion is not None
    report(", ".join([f"end {end}", *notes[-1:], f"data: {version}"]))
    return Resolved(end.isoformat(), version, champion)


def _data_version(spec: Spec, source: str, end: date, report: Callable[[str], None]) -> str:
    options = QueryOptions.of(spec, report=report)
    opened = open_source(source, max_bytes_billed=spec.source.max_bytes_billed, options=options)
    return opened.data_version(spec.sql_text, window(spec, end.isoformat()))


class _Questions:
    """Asks one after the other and keeps the errors of all."""

    def __init__(self) -> None:
        self._errors = list[KamadoError]()

    def ask(self, question: Callable[[], Answer]) -> Answer | None:
        try:
            return question()
        except KamadoError as error:
            self._errors.append(error)
            return None

    def raise_if_any(self) -> None:
        for error in self._errors:
            if not error.final:
                raise error
        if self._errors:
            raise ResolveError(*(problem for error in self._errors for problem in error.problems))
