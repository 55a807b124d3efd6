"""A trained model on disk: a folder of data, nothing that runs. FORMAT.md describes it for other readers.

Loading is parse -> check -> construct. `load` checks that the folder is what its manifest declares; whether the model
inside is sound and may ship is the gate's question.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import Feature
from model.bundle.linear import Linear
from model.errors import BundleError, Problems
from model.files import dump_json, new_folder, parse_json

FORMAT = 1
MANIFEST, BOOSTER, GOLDEN = "manifest.json", "booster.ubj", "golden.json"
FILES = (BOOSTER, GOLDEN, MANIFEST)
RETRAIN = "Train the bundle again; it is never mended by hand"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Position(_Part):
    """The displayed place is an input in training; scoring holds it at `constant`, "as if shown there"."""

    feature: str
    constant: int = Field(1, ge=1)


class Bounds(_Part):
    """A rejection rule over features: rows outside were never trained on, so servers mark and count them."""

    name: str
    expression: str
    min: float | None = None
    max: float | None = None


class Trees(_Part):
    """What the booster file holds."""

    objective: Literal["binary:logistic"] = "binary:logistic"
    trees: int = Field(ge=1)
    members: int = Field(ge=1, description="models of the fold bag, merged into one booster by averaging log odds")


class Lineage(_Part):
    """What the model was made from. No clock, no host: the same inputs give the same bytes."""

    spec_sha256: str
    sql_sha256: str
    start: str | None
    end: str | None
    cutoff: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="no row is younger")
    rows: dict[str, int]
    positives: dict[str, int]
    data_sha256: str = Field(description="over the three parts as preprocess wrote them")


class FileDigest(_Part):
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=1)


class Manifest(_Part):
    """manifest.json, format 1."""

    format: Literal[1] = 1
    model: str
    label: str
    conversion_days: int
    features: tuple[Feature, ...] = Field(min_length=1)
    position: Position | None = None
    bounds: tuple[Bounds, ...] = ()
    linear: Linear
    trees: Trees
    sampling: Sampling
    calibration: Calibration
    search: dict[str, str | int | float | bool | None]
    metrics: dict[str, float] = Field(description="on the calibration part; the verdict's are of the test part")
    lineage: Lineage
    libraries: dict[str, str] = Field(description="name -> version; xgboost must be the server's own")
    files: dict[str, FileDigest] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The matrix's columns in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def inputs(self) -> tuple[Feature, ...]:
        """The features that a caller gives: all but the position."""
        held = self.position.feature if self.position else None
        return tuple(feature for feature in self.features if feature.name != held)


class GoldenRow(_Part):
    """Inputs by name, and the probability that any correct server answers."""

    input: dict[str, float | str | None]
    probability: float = Field(ge=0, le=1)


@dataclass(frozen=True)
class Bundle:
    """A checked bundle in memory. `digest` is its identity: sha256 over the sorted file digests."""

    manifest: Manifest
    booster: bytes
    golden: tuple[GoldenRow, ...]
    digest: str


def digest_of(files: dict[str, bytes]) -> str:
    """The identity of these files, by name."""
    return identity({name: hashlib.sha256(data).hexdigest() for name, data in files.items()})


def identity(digests: dict[str, str]) -> str:
    """`sha256:` over one line "<hex>  <name>" per file, sorted by name, as sha256sum would print them."""
    lines = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def bundle_digest(folder: Path) -> str:
    """The identity of the bundle in `folder`, from its files as they are. Raises OSError."""
    return digest_of({name: (folder / name).read_bytes() for name in FILES})


def write(folder: Path, manifest: Manifest, booster: bytes, golden: tuple[GoldenRow, ...]) -> str:
    """Write a bundle whole or not at all; returns its digest. Raises OSError when `folder` holds something already."""
    files = {BOOSTER: booster, GOLDEN: dump_json([row.model_dump(mode="json") for row in golden])}
    declared = {
        name: FileDigest(sha256=hashlib.sha256(data).hexdigest(), size=len(data)) for name, data in files.items()
    }
    files[MANIFEST] = dump_json(manifest.model_copy(update={"files": declared}).model_dump(mode="json"))
    with new_folder(folder) as temporary:
        for name, data in files.items():
            (temporary / name).write_bytes(data)
    return digest_of(files)


def load(folder: Path) -> Bundle:
    """Raises BundleError with every way in which the folder is not what its manifest declares."""
    problems = Problems()
    files = {name: data for name in FILES if (data := _read(folder / name, problems)) is not None}
    problems.raise_if_any(BundleError)
    manifest = parse_manifest(files[MANIFEST], problems)
    golden = parse_golden(files[GOLDEN], problems)
    if manifest is not None:
        for name in (BOOSTER, GOLDEN):
            _compare(name, files[name], manifest.files.get(name), problems)
        for name in sorted({path.name for path in folder.iterdir()} - set(FILES)):
            problems.add(name, "is not a file of a bundle", "Remove it", "file-extra")
    problems.raise_if_any(BundleError)
    assert manifest is not None  # otherwise a problem was raised
    return Bundle(manifest, files[BOOSTER], golden, digest_of(files))


def parse_manifest(data: bytes, problems: Problems) -> Manifest | None:
    """The manifest, or None with the problems added: JSON first, then the format number, then every field."""
    try:
        value = parse_json(data)
    except (ValueError, UnicodeDecodeError) as error:
        problems.add(MANIFEST, f"is not JSON ({error})", RETRAIN, "manifest-json")
        return None
    number = value.get("format") if isinstance(value, dict) else None
    if number != FORMAT or isinstance(number, bool):
        found = f"is of format {number!r}" if isinstance(value, dict) else "is not an object"
        problems.add(f"{MANIFEST} format", found, f"This Kamado reads format {FORMAT}", "manifest-format")
        return None
    try:
        return Manifest.model_validate_json(data)
    except pydantic.ValidationError as error:
        _add_all(MANIFEST, error, problems, "manifest-field")
        return None


def parse_golden(data: bytes, problems: Problems) -> tuple[GoldenRow, ...]:
    """The golden rows, or none with the problems added."""
    try:
        parse_json(data)
        return pydantic.TypeAdapter(tuple[GoldenRow, ...]).validate_json(data)
    except pydantic.ValidationError as error:
        _add_all(GOLDEN, error, problems, "golden-field")
    except (ValueError, UnicodeDecodeError) as error:
        problems.add(GOLDEN, f"is not JSON ({error})", RETRAIN, "golden-json")
    return ()


def _add_all(file: str, error: pydantic.ValidationError, problems: Problems, code: str) -> None:
    for one in error.errors(include_url=False)[:20]:
        where = f"{file} {'.'.join(str(part) for part in one['loc'])}"
        found = re.sub(r"\s+", " ", repr(one["input"]))[:80]
        problems.add(where, f"{one['msg']}, found {found}", RETRAIN, code)


def _read(path: Path, problems: Problems) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        problems.add(str(path), reason, "BUNDLE names the folder that train wrote, whole", "file-missing")
        return None


def _compare(name: str, data: bytes, declared: FileDigest | None, problems: Problems) -> None:
    if declared is None:
        problems.add(f"{MANIFEST} files", f"does not declare {name}", RETRAIN, "file-undeclared")
    elif len(data) != declared.size:
        problems.add(name, f"has {len(data)} bytes, declared are {declared.size}", RETRAIN, "file-size")
    elif hashlib.sha256(data).hexdigest() != declared.sha256:
        problems.add(name, "does not match its declared sha256", RETRAIN, "file-digest")
