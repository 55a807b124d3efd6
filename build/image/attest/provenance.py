"""How an image came about: an in-toto statement with SLSA's provenance predicate, version 1.

Every input stands in it by digest. No clock and no host: the same inputs proven the same way give the same bytes.
"""

import base64
import re
from typing import Any

from build.gate.gate import VerifiedBundle
from build.image.base.base import Base
from build.image.smoke_test.smoke_test import Seal
from build.oci.image import Image, dump, parsed
from build.oci.store import Attachment
from model.bundle.manifest import Manifest

MEDIA_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:kamado:model-image:v1"
BUILDER = "urn:kamado:build"
COMMIT = re.compile(r"[0-9a-f]{40}")


def provenance(
    name: str,
    image: Image,
    manifest: Manifest,
    *,
    sound: VerifiedBundle,
    base: Base,
    seal: Seal,
    commit: str | None,
) -> Attachment:
    """`name` is HOST/REPOSITORY; `commit` is of this code, with "-dirty" behind it when it was changed since."""
    lineage = manifest.lineage
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": _sha256(image.digest)}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {
                    "model": manifest.model,
                    "window": {"start": lineage.start, "end": lineage.end, "cutoff": lineage.cutoff},
                },
                "internalParameters": {"libraries": manifest.libraries, **_changed(commit)},
                "resolvedDependencies": [
                    {"name": "bundle", "digest": _sha256(sound.digest)},
                    {"name": "verdict", "digest": {"sha256": sound.verdict_sha256}},
                    {"name": "spec", "digest": {"sha256": lineage.spec_sha256}},
                    {"name": "sql", "digest": {"sha256": lineage.sql_sha256}},
                    {"name": "data", "digest": {"sha256": lineage.data_sha256}},
                    {"name": "base", "digest": _sha256(base.digest), "annotations": _about(base)},
                    *_code(commit),
                ],
            },
            "runDetails": {
                "builder": {"id": BUILDER},
                "byproducts": [_seal(seal)],
            },
        },
    }
    return Attachment(MEDIA_TYPE, dump(statement))


def smoke_test(document: bytes, *, image: str, bundle: str, verdict_sha256: str) -> Seal | None:
    """Which smoke test this image has passed, by a provenance that is of it and of this model; None for any other.

    Raises nothing: whoever may write to a place may attach what they like.
    """
    try:
        statement = parsed(document)
        subjects = [subject["digest"]["sha256"] for subject in statement["subject"]]
        predicate = statement["predicate"]
        parts = {part["name"]: part["digest"] for part in predicate["buildDefinition"]["resolvedDependencies"]}
        ours = predicate["buildDefinition"]["buildType"] == BUILD and subjects == [_sha256(image)["sha256"]]
        record = next(part for part in predicate["runDetails"]["byproducts"] if part["name"] == "seal")
        written = parsed(base64.b64decode(record["content"], validate=True))
        way, answers = written["way"], written["answers"]
        same = parts["bundle"] == _sha256(bundle) and parts["verdict"] == {"sha256": verdict_sha256}
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return None
    if not (ours and same and type(answers) is int):
        return None
    passed = way in ("engine", "process") and answers > 0
    return Seal(way, answers) if passed or (way == "none" and answers == 0) else None


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}


def _about(base: Base) -> dict[str, str]:
    """The name of a base in a folder is a path of this machine, which does not belong into a public document."""
    return {"kind": base.kind} if base.kind == "oci" else {"kind": base.kind, "name": base.name}


def _seal(seal: Seal) -> dict[str, Any]:
    """A descriptor has to have a digest, an address or content: a seal is nowhere but here."""
    told = {"way": seal.way, "answers": seal.answers, "says": seal.says}
    content = base64.b64encode(dump(told)).decode()
    return {"name": "seal", "mediaType": "application/json", "content": content, "annotations": told}


def _code(commit: str | None) -> list[dict[str, Any]]:
    """The code that built, where it is a commit and nothing was changed since."""
    return [{"name": "kamado", "digest": {"gitCommit": commit}}] if commit and COMMIT.fullmatch(commit) else []


def _changed(commit: str | None) -> dict[str, str]:
    """What is told of code that no digest can stand for."""
    return {"code": commit} if commit and not COMMIT.fullmatch(commit) else {}
