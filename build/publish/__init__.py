"""Where an image goes. Every place behaves alike: tests/contracts/publish.py is the contract."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from build.oci import Image
from model.errors import Fault, OutputRefused


@dataclass(frozen=True)
class Published:
    """`digest` is what the tag now names; "unchanged" means that it did before, and that nothing was written."""

    digest: str
    outcome: Literal["written", "unchanged"]


class Publisher(Protocol):
    """A place for images.

    The tag is the last write: killed at any moment, no tag names content that is not wholly there, and the next call
    completes. The same content under its tag is a success that writes nothing; sameness is that of the config, whose
    digest does not depend on how layers are compressed. Other content under a taken tag is refused, with both digests.
    """

    def publish(self, image: Image, tag: str) -> Published:
        """Raises OutputRefused for a taken tag, and when the place cannot be written."""
        ...


def taken(tag: str, *, here: str, new: str) -> OutputRefused:
    """The refusal that every place gives for a tag that names other content."""
    return OutputRefused(
        Fault(
            f"tag {tag}",
            f"names other content already: {here}; this image is {new}",
            "Tags never move. The same bundle was published with another verdict or by another Kamado: use that image, "
            "or publish to another place",
            "tag-taken",
        )
    )


def publisher(destination: str) -> Publisher:
    """The place that `destination` names: `oci:FOLDER` is an OCI image layout. Raises OutputRefused."""
    from build.publish.layout import Layout  # here, so that one place's libraries never burden another's

    scheme, _, rest = destination.partition(":")
    if scheme == "oci" and rest:
        return Layout(Path(rest))
    raise OutputRefused(Fault(f"--to {destination}", "names no place for images", "Use oci:FOLDER", "place-unknown"))
