"""Releases of a model: `<model>-rel-000042`, a second name for an image that is there. Numbers only go forward.

The registry is the model registry: which release is the newest says what serves, and `rollback` is one more release of
an older image, so whoever follows tags never has to look back.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from build.gate.fields.metrics import is_number
from build.image.labels import MODEL
from build.oci.image import DIGEST, parsed
from build.oci.store import ImageReader, ImageStore, StoreError
from build.release.image_start import labels_of
from model.errors import KamadoError, Problem
from model.files import JSON

LIMIT = 900_000  # one release an hour takes a hundred years; a tag from here on is no release of ours
MOST_GAP = 1_000  # two releases that follow each other are never further apart: promotions at once take the next few
ATTEMPTS = 50
BUILD_TAG = "org.opencontainers.image.version"  # written when the image had passed its smoke test, and not before
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
            values = parsed(self.labels.get("kamado.metrics", "{}").encode())
        except ValueError:
            return {}
        return {name: value for name, value in values.items() if is_number(value)}

    def as_json(self) -> dict[str, JSON]:
        """For programs."""
        return {
            "number": self.number,
            "tag": self.tag,
            "digest": self.digest,
            "cutoff": self.cutoff,
            "metrics": {**self.metrics},
            "labels": {**self.labels},
        }


def tag_of(model: str, number: int) -> str:
    return f"{model}-rel-{number:06}"


def numbers(images: ImageReader, model: str) -> list[int]:
    """Every number that a release tag of the model has, oldest first.

    Anybody who may write to a store may write a tag of that form. A number that no row of promotions has led to is not
    counted: it must not be able to use up the free ones.
    """
    form = re.compile(rf"{re.escape(model)}-rel-(\d{{6}})", re.ASCII)
    listed = sorted(int(match[1]) for tag in images.tags() if (match := form.fullmatch(tag)))
    counted = [number for number in listed if 0 < number < LIMIT]
    end = next((at for at, (low, high) in enumerate(itertools.pairwise(counted), 1) if high - low > MOST_GAP), None)
    return counted[:end]


def number_of(model: str, name: str) -> int:
    """The number in `42`, `rel-000042` or the whole tag. Raises ReleaseError."""
    match = re.fullmatch(rf"(?:(?:{re.escape(model)}-)?rel-)?0*(\d{{1,6}})", name, re.ASCII)
    if match is None:
        hint = f"Write its number or its tag: 42 or {tag_of(model, 42)}"
        raise ReleaseError(Problem(f"release {name}", f"is not a release of model {model}", hint, "release-missing"))
    return int(match[1])


def releases(images: ImageReader, model: str, *, newest: int | None = None) -> list[Release]:
    """Releases with their labels, newest first; `newest` so many of them."""
    return list(itertools.islice(_backward(images, model, numbers(images, model)), newest))


def release(images: ImageReader, model: str, number: int | None = None) -> Release:
    """One release; without a number the newest. Raises ReleaseError when it does not exist."""
    known = numbers(images, model)
    requested = known if number is None else [number] if number in known else []
    newest = next(_backward(images, model, requested), None)
    if newest is not None:
        return newest
    problem = f"has no release {number}" if number is not None else "has no release"
    hint = f"It has {', '.join(map(str, known[-10:]))}" if known else f"Run: kamado promote {model} TAG"
    raise ReleaseError(Problem(f"model {model}", f"{problem} in image store {images.name}", hint, "release-missing"))


def _backward(images: ImageReader, model: str, known: Sequence[int]) -> Iterator[Release]:
    """The releases of these numbers, newest first. A tag that does not name an image of the model is skipped."""
    for number in reversed(known):
        tag = tag_of(model, number)
        digest = images.resolve(tag)
        if digest is not None and (labels := labels_of(images, digest)).get(MODEL) == model:
            yield Release(number, tag, digest, labels)


def candidate(images: ImageReader, model: str, image: str) -> Release:
    """The image of this tag, digest or reference, without a number yet.

    Raises ReleaseError for an image that is not there, is of another model, or has no tag of its own.
    """
    name = image.rpartition("@")[2].removeprefix(f"{images.name}:")
    digest = images.resolve(name) if DIGEST.fullmatch(name) or TAG.fullmatch(name) else None
    if digest is None:
        hint = "Name a tag or a digest that `kamado image` printed"
        raise ReleaseError(Problem(f"image {image}", f"is not in image store {images.name}", hint, "image-missing"))
    labels = labels_of(images, digest)
    if labels.get(MODEL) != model:
        owner = f"of model {labels[MODEL]!r}" if MODEL in labels else "not an image of a model"
        problem = f"is {owner}, not of {model!r}" if MODEL in labels else f"is {owner}"
        raise ReleaseError(Problem(f"image {image}", problem, "Name the model that it is of", "image-model"))
    tag = labels.get(BUILD_TAG, "")
    if not TAG.fullmatch(tag) or images.resolve(tag) != digest:
        problem = "has no tag of its own: it passed no smoke test, or its build was stopped"
        raise ReleaseError(Problem(f"image {image}", problem, "Build it again", "image-untested"))
    return Release(0, tag, digest, labels)


def number_next(store: ImageStore, model: str, image: Release) -> Release:
    """The image under the next number; the newest release remains as it is, if it is of this image."""
    known = numbers(store, model)
    if known and store.resolve(tag_of(model, known[-1])) == image.digest:
        return replace(image, number=known[-1], tag=tag_of(model, known[-1]))
    number, tag = _next(store, model, image.digest, known)
    return replace(image, number=number, tag=tag)


def before(images: ImageReader, model: str) -> Release:
    """What served just before the image that serves now. Raises ReleaseError when nothing did."""
    newest = release(images, model)
    for older in _backward(images, model, numbers(images, model)):
        if older.digest != newest.digest:
            return older
    problem = f"has nothing older than its newest release in image store {images.name}"
    hint = f"Choose one yourself: kamado promote {model} TAG"
    raise ReleaseError(Problem(f"model {model}", problem, hint, "release-missing"))


def _next(store: ImageStore, model: str, digest: str, known: Sequence[int]) -> tuple[int, str]:
    """The number after the last. When two promote at once, the one whose tag was refused takes the next."""
    number = known[-1] if known else 0
    for _ in range(ATTEMPTS):
        number += 1
        if number >= LIMIT:
            raise ReleaseError(_no_number_left(model, known))
        try:
            if store.resolve(tag_of(model, number)) is None:
                store.tag(digest, tag_of(model, number))
                return number, tag_of(model, number)
        except StoreError as refusal:
            if refusal.problems[0].code != "tag-taken":
                raise
    problem = f"finds no free number after {known[-1] if known else 0}"
    raise ReleaseError(Problem(f"model {model}", problem, "Others are releasing; try again", "release-busy"))


def _no_number_left(model: str, known: Sequence[int]) -> Problem:
    """A release with a higher number would never be listed (`numbers`)."""
    problem = f"has no number left behind {tag_of(model, known[-1])}"
    return Problem(f"model {model}", problem, "Remove that tag, if no promotion has written it", "release-numbers")
