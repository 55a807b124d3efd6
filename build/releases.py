"""Releases of a model: `<model>-rel-000042`, a second name for an image that is there. Numbers only go forward.

The registry is the model registry: which release is the newest says what serves, and `rollback` is one more release of
an older image, so whoever follows tags never has to look back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from build import oci
from build.publish import PlaceRefused, Publisher
from model.errors import Fault, Refused

GREATEST = 999_999
ATTEMPTS = 50
BUILD_TAG = "org.opencontainers.image.version"  # written when the image had passed its seal, and not before
MOST_BYTES = 8 << 20  # of an image's config
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class ReleaseRefused(Refused):
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
            told = oci.parsed(self.labels.get("kamado.metrics", "{}").encode())
        except ValueError:
            return {}
        return {name: value for name, value in told.items() if isinstance(value, int | float)}


def tag_of(model: str, number: int) -> str:
    return f"{model}-rel-{number:06}"


def numbers(place: Publisher, model: str) -> list[int]:
    """Every release of the model, oldest first."""
    form = re.compile(rf"{re.escape(model)}-rel-(\d{{6}})")
    return sorted(int(found[1]) for tag in place.tags() if (found := form.fullmatch(tag)))


def number_of(model: str, named: str) -> int:
    """The number in `42`, `rel-000042` or the whole tag. Raises ReleaseRefused."""
    found = re.fullmatch(rf"(?:(?:{re.escape(model)}-)?rel-)?0*(\d{{1,6}})", named, re.ASCII)
    if found is None:
        way_out = f"Give its number or its tag: 42 or {tag_of(model, 42)}"
        raise ReleaseRefused(Fault(f"release {named}", f"is none of model {model}", way_out, "release-missing"))
    return int(found[1])


def releases(place: Publisher, model: str, *, newest: int | None = None) -> list[Release]:
    """Releases with their labels, newest first; `newest` so many of them."""
    wanted = list(reversed(numbers(place, model)))[:newest]
    return [release(place, model, number) for number in wanted]


def release(place: Publisher, model: str, number: int | None = None) -> Release:
    """One release; without a number the newest. Raises ReleaseRefused when there is none."""
    held = numbers(place, model)
    if not held or (number is not None and number not in held):
        told = f"has no release {number}" if number is not None else "has no release"
        known = f"It has {', '.join(map(str, held[-10:]))}" if held else f"Run: python -m build promote {model} TAG"
        raise ReleaseRefused(Fault(f"model {model}", f"{told} in {place.name}", known, "release-missing"))
    chosen = held[-1] if number is None else number
    tag = tag_of(model, chosen)
    digest = place.digest(tag)
    if digest is None:
        raise ReleaseRefused(Fault(f"tag {tag}", "is listed and names nothing", "Look again", "release-missing"))
    return Release(chosen, tag, digest, labels_of(place, digest))


def labels_of(place: Publisher, digest: str) -> dict[str, str]:
    """An image's own. What is a list of images, or no image at all, has none."""
    config = oci.config_of(place.manifest(digest))
    if config is None:
        return {}
    with place.blob(config) as file:
        written = file.read(MOST_BYTES)
    if oci.digest_of(written) != config:
        found = f"sends {oci.digest_of(written)} for {config}"
        raise PlaceRefused(Fault(place.name, found, "Publish the image again", "blob-digest"))
    try:
        labels = (oci.parsed(written).get("config") or {}).get("Labels") or {}
        return {str(name): str(value) for name, value in labels.items()}
    except (ValueError, AttributeError):
        return {}


def promote(place: Publisher, model: str, image: str) -> Release:
    """Release the image of this tag or digest under the next number. What is the newest release already stays it.

    `image` may also be the whole reference, PLACE:TAG@DIGEST. Raises ReleaseRefused for an image that is not there, or
    is of another model.
    """
    named = image.rpartition("@")[2].removeprefix(f"{place.name}:")
    digest = place.digest(named) if oci.DIGEST.fullmatch(named) or TAG.fullmatch(named) else None
    if digest is None:
        way_out = "Name a tag or a digest that `python -m build image` printed"
        raise ReleaseRefused(Fault(f"image {image}", f"is not in {place.name}", way_out, "image-missing"))
    labels = labels_of(place, digest)
    if labels.get("kamado.model") != model:
        whose = f"of model {labels['kamado.model']!r}" if "kamado.model" in labels else "no image of a model"
        found = f"is {whose}, not of {model!r}"
        raise ReleaseRefused(Fault(f"image {image}", found, "Name the model that it is of", "image-model"))
    if place.digest(labels.get(BUILD_TAG) or "-") != digest:
        found = "has no tag of its own: no seal was passed, or its build was stopped"
        raise ReleaseRefused(Fault(f"image {image}", found, "Build it again", "image-unsealed"))
    held = numbers(place, model)
    if held and place.digest(tag_of(model, held[-1])) == digest:
        return Release(held[-1], tag_of(model, held[-1]), digest, labels)
    return Release(*_next(place, model, digest, held), digest, labels)


def rollback(place: Publisher, model: str) -> Release:
    """Release again the image that was in service before the newest one first was. Raises ReleaseRefused."""
    history = [(number, place.digest(tag_of(model, number))) for number in numbers(place, model)]
    if not history:
        release(place, model)  # tells that there is none, and how to make one
    before = _before(history)
    if before is None:
        found = f"has nothing older than its newest release in {place.name}"
        way_out = f"Choose one yourself: python -m build promote {model} TAG"
        raise ReleaseRefused(Fault(f"model {model}", found, way_out, "release-missing"))
    return promote(place, model, before)


def _before(history: Sequence[tuple[int, str | None]]) -> str | None:
    """Going back twice goes back two images, although the first step back was a release itself."""
    if not history:
        return None
    first = next(place for place, (_, digest) in enumerate(history) if digest == history[-1][1])
    return history[first - 1][1] if first else None


def _next(place: Publisher, model: str, digest: str, held: Sequence[int]) -> tuple[int, str]:
    """The number after the last. Of two that want it the one whose tag was refused takes the next."""
    number = held[-1] if held else 0
    for _ in range(ATTEMPTS):
        number += 1
        if number > GREATEST:
            break
        try:
            if place.digest(tag_of(model, number)) is None:
                place.add_tag(digest, tag_of(model, number))
                return number, tag_of(model, number)
        except PlaceRefused as refusal:
            if refusal.faults[0].code != "tag-taken":
                raise
    found = f"finds no free number after {held[-1] if held else 0}"
    raise ReleaseRefused(Fault(f"model {model}", found, "Others are releasing; try again", "release-busy"))


def shown(found: Release) -> dict[str, Any]:
    """For programs."""
    told = {"number": found.number, "tag": found.tag, "digest": found.digest, "cutoff": found.cutoff}
    return {**told, "metrics": found.metrics, "labels": found.labels}
