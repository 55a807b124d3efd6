"""Releases of a model: `<model>-rel-000042`, a second name for an image that is there. Numbers only go forward.

The registry is the model registry: which release is the newest says what serves, and `rollback` is one more release of
an older image, so whoever follows tags never has to look back.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from build.gate.fields.metrics import is_number
from build.image.labels import MODEL
from build.oci.image import DIGEST, config_of, digest_of, parsed
from build.oci.store import ImageStore, StoreError
from model.errors import KamadoError, Problem

NOBODY_GETS_THERE = 900_000  # one release an hour takes a hundred years; a tag from here on is no release of ours
MOST_GAP = 1_000  # two releases that follow each other are never further apart: promotions at once take the next few
ATTEMPTS = 50
BUILD_TAG = "org.opencontainers.image.version"  # written when the image had passed its seal, and not before
MOST_BYTES = 8 << 20  # of an image's config
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class ReleaseError(KamadoError):
    """There is nothing to release, to go back to, or to fetch under that name."""

    heading: ClassVar[str] = "no release"


@dataclass(frozen=True)
class Release:
    """One release; `digest` names the image, `labels` are its own."""

    number: int
    tag: str
    digest: str
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def cutoff(self) -> str:
        """The end of the data that the model has seen."""
        return self.labels.get("kamado.data.cutoff", "")

    @property
    def metrics(self) -> dict[str, float]:
        """Those that are numbers: an image is labelled by whoever made it."""
        try:
            told = parsed(self.labels.get("kamado.metrics", "{}").encode())
        except ValueError:
            return {}
        return {name: value for name, value in told.items() if is_number(value)}


def tag_of(model: str, number: int) -> str:
    return f"{model}-rel-{number:06}"


def numbers(place: ImageStore, model: str) -> list[int]:
    """Every number that a release tag of the model has, oldest first.

    Anybody who may write to a place may write a tag of that form. A number that no row of promotions has led to is not
    counted: it must not be able to use up those that are left.
    """
    form = re.compile(rf"{re.escape(model)}-rel-(\d{{6}})", re.ASCII)
    listed = sorted(int(match[1]) for tag in place.tags() if (match := form.fullmatch(tag)))
    counted = [number for number in listed if 0 < number < NOBODY_GETS_THERE]
    end = next((at for at, (low, high) in enumerate(itertools.pairwise(counted), 1) if high - low > MOST_GAP), None)
    return counted[:end]


def number_of(model: str, named: str) -> int:
    """The number in `42`, `rel-000042` or the whole tag. Raises ReleaseError."""
    found = re.fullmatch(rf"(?:(?:{re.escape(model)}-)?rel-)?0*(\d{{1,6}})", named, re.ASCII)
    if found is None:
        hint = f"Give its number or its tag: 42 or {tag_of(model, 42)}"
        raise ReleaseError(Problem(f"release {named}", f"is none of model {model}", hint, "release-missing"))
    return int(found[1])


def releases(place: ImageStore, model: str, *, newest: int | None = None) -> list[Release]:
    """Releases with their labels, newest first; `newest` so many of them."""
    return list(itertools.islice(_backward(place, model, numbers(place, model)), newest))


def release(place: ImageStore, model: str, number: int | None = None) -> Release:
    """One release; without a number the newest. Raises ReleaseError when there is none."""
    known = numbers(place, model)
    wanted = known if number is None else [number] if number in known else []
    found = next(_backward(place, model, wanted), None)
    if found is not None:
        return found
    says = f"has no release {number}" if number is not None else "has no release"
    hint = f"It has {', '.join(map(str, known[-10:]))}" if known else f"Run: kamado promote {model} TAG"
    raise ReleaseError(Problem(f"model {model}", f"{says} in {place.name}", hint, "release-missing"))


def _backward(place: ImageStore, model: str, known: Sequence[int]) -> Iterator[Release]:
    """The releases of these numbers, newest first. A tag that names no image of the model is none."""
    for number in reversed(known):
        tag = tag_of(model, number)
        digest = place.digest(tag)
        if digest is not None and (labels := labels_of(place, digest)).get(MODEL) == model:
            yield Release(number, tag, digest, labels)


def labels_of(place: ImageStore, digest: str) -> dict[str, str]:
    """An image's own. What is a list of images, or no image at all, has none."""
    labels = start_of(place, digest).get("Labels")
    return {str(name): str(value) for name, value in labels.items()} if isinstance(labels, dict) else {}


def start_of(place: ImageStore, digest: str) -> dict[str, Any]:
    """How an image starts, with its labels: the part of its config that an engine reads; {} of what is no image."""
    config = config_of(place.manifest(digest))
    if config is None:
        return {}
    with place.blob(config) as file:
        written = file.read(MOST_BYTES)
    if digest_of(written) != config:
        found = f"sends {digest_of(written)} for {config}"
        raise StoreError(Problem(place.name, found, "Publish the image again", "blob-digest"))
    try:
        start = parsed(written).get("config")
    except ValueError:
        return {}
    return start if isinstance(start, dict) else {}


def layers_of(place: ImageStore, digest: str) -> list[str]:
    """The digests of an image's layers, from the lowest; none of what is no image."""
    try:
        return [str(layer["digest"]) for layer in parsed(place.manifest(digest))["layers"]]
    except (ValueError, LookupError, TypeError):
        return []


def candidate(place: ImageStore, model: str, image: str) -> Release:
    """The image of this tag, digest or reference, without a number yet.

    Raises ReleaseError for an image that is not there, is of another model, or has no tag of its own.
    """
    named = image.rpartition("@")[2].removeprefix(f"{place.name}:")
    digest = place.digest(named) if DIGEST.fullmatch(named) or TAG.fullmatch(named) else None
    if digest is None:
        hint = "Name a tag or a digest that `kamado image` printed"
        raise ReleaseError(Problem(f"image {image}", f"is not in {place.name}", hint, "image-missing"))
    labels = labels_of(place, digest)
    if labels.get(MODEL) != model:
        whose = f"of model {labels[MODEL]!r}" if MODEL in labels else "no image of a model"
        found = f"is {whose}, not of {model!r}"
        raise ReleaseError(Problem(f"image {image}", found, "Name the model that it is of", "image-model"))
    tag = labels.get(BUILD_TAG, "")
    if not TAG.fullmatch(tag) or place.digest(tag) != digest:
        found = "has no tag of its own: no smoke test was passed, or its build was stopped"
        raise ReleaseError(Problem(f"image {image}", found, "Build it again", "image-unsealed"))
    return Release(0, tag, digest, labels)


def number_next(place: ImageStore, model: str, image: Release) -> Release:
    """The image under the next number; the newest release stays it, if it is of this image."""
    known = numbers(place, model)
    if known and place.digest(tag_of(model, known[-1])) == image.digest:
        return replace(image, number=known[-1], tag=tag_of(model, known[-1]))
    number, tag = _next(place, model, image.digest, known)
    return replace(image, number=number, tag=tag)


def before(place: ImageStore, model: str) -> Release:
    """What served just before the image that serves now. Raises ReleaseError when nothing did."""
    newest = release(place, model)
    older = (found for found in _backward(place, model, numbers(place, model)) if found.digest != newest.digest)
    if (found := next(older, None)) is not None:
        return found
    says = f"has nothing older than its newest release in {place.name}"
    hint = f"Choose one yourself: kamado promote {model} TAG"
    raise ReleaseError(Problem(f"model {model}", says, hint, "release-missing"))


def _next(place: ImageStore, model: str, digest: str, held: Sequence[int]) -> tuple[int, str]:
    """The number after the last. Of two that want it the one whose tag was refused takes the next."""
    number = held[-1] if held else 0
    for _ in range(ATTEMPTS):
        number += 1
        if number >= NOBODY_GETS_THERE:
            raise ReleaseError(_no_number_left(model, held))
        try:
            if place.digest(tag_of(model, number)) is None:
                place.add_tag(digest, tag_of(model, number))
                return number, tag_of(model, number)
        except StoreError as refusal:
            if refusal.problems[0].code != "tag-taken":
                raise
    found = f"finds no free number after {held[-1] if held else 0}"
    raise ReleaseError(Problem(f"model {model}", found, "Others are releasing; try again", "release-busy"))


def _no_number_left(model: str, held: Sequence[int]) -> Problem:
    """A number from here on would be given and never be found again (`numbers`)."""
    problem = f"has no number left behind {tag_of(model, held[-1])}"
    return Problem(f"model {model}", problem, "Remove that tag, if no promotion has written it", "release-numbers")


def shown(found: Release) -> dict[str, Any]:
    """For programs."""
    told = {"number": found.number, "tag": found.tag, "digest": found.digest, "cutoff": found.cutoff}
    return {**told, "metrics": found.metrics, "labels": found.labels}
