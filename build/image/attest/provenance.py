"""How an image was built: an in-toto statement with SLSA's provenance predicate, version 1.

Every input stands in it by digest. No clock and no host: the same inputs and the same smoke test give the same bytes.
"""

import base64
import re
from collections.abc import Mapping

from build.image.assemble import AssembledImage
from build.image.base.base import Base
from build.image.smoke_test.smoke_test import SmokeTestResult
from build.oci.image import parsed
from build.oci.json_documents import dump
from build.oci.store import Attachment
from model.version import version

MEDIA_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:kamado:model-image:v1"
BUILDER = "urn:kamado:build"
COMMIT = re.compile(r"[0-9a-f]{40}")
RECORD = "smoke_test"  # name of the byproduct


def provenance(name: str, candidate: AssembledImage, *, smoke_test: SmokeTestResult, commit: str | None) -> Attachment:
    """`name` is HOST/REPOSITORY; `commit` is of this code, with "-dirty" behind it when it was changed since."""
    manifest, lineage, base = candidate.manifest, candidate.manifest.lineage, candidate.base
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": _sha256(candidate.image.digest)}],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {
                    "model": manifest.model,
                    "window": {"start": lineage.start, "end": lineage.end, "cutoff": lineage.cutoff},
                },
                "internalParameters": {"libraries": manifest.libraries, **_dirty(commit)},
                "resolvedDependencies": [
                    {"name": "bundle", "digest": _sha256(candidate.verified.digest)},
                    {"name": "verdict", "digest": {"sha256": candidate.verified.verdict_sha256}},
                    {"name": "spec", "digest": {"sha256": lineage.spec_sha256}},
                    {"name": "sql", "digest": {"sha256": lineage.sql_sha256}},
                    {"name": "data", "digest": {"sha256": lineage.data_sha256}},
                    {"name": "base", "digest": _sha256(base.digest), "annotations": _about(base)},
                    *_code(commit),
                ],
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {"kamado": version()}},
                "byproducts": [_record(smoke_test)],
            },
        },
    }
    return Attachment(MEDIA_TYPE, dump(statement))


def read_smoke_test(document: bytes, *, image: str, bundle: str, verdict_sha256: str) -> SmokeTestResult | None:
    """The smoke test that this image passed, by a provenance of it and of this model; None for any other document.

    Raises nothing: anyone who may write to a store may attach any bytes.
    """
    try:
        statement = parsed(document)
        subjects = [subject["digest"]["sha256"] for subject in statement["subject"]]
        predicate = statement["predicate"]
        parts = {part["name"]: part["digest"] for part in predicate["buildDefinition"]["resolvedDependencies"]}
        ours = predicate["buildDefinition"]["buildType"] == BUILD and subjects == [_sha256(image)["sha256"]]
        record = next(part for part in predicate["runDetails"]["byproducts"] if part["name"] == RECORD)
        result = parsed(base64.b64decode(record["content"], validate=True))
        way, answers = result["way"], result["answers"]
        same = parts["bundle"] == _sha256(bundle) and parts["verdict"] == {"sha256": verdict_sha256}
    except (ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return None
    if not (ours and same and type(answers) is int):
        return None
    passed = way in ("engine", "process") and answers > 0
    return SmokeTestResult(way, answers) if passed or (way == "none" and answers == 0) else None


def _sha256(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}


def _about(base: Base) -> dict[str, str]:
    """The name of a base in a folder is a path of this machine, which stays out of a public document."""
    return {"kind": base.kind} if base.kind == "oci" else {"kind": base.kind, "name": base.name}


def _record(result: SmokeTestResult) -> Mapping[str, object]:
    """A descriptor has a digest, an address or content; this result is stored in no other file."""
    record = {"way": result.way, "answers": result.answers, "message": result.message}
    content = base64.b64encode(dump(record)).decode()
    return {"name": RECORD, "mediaType": "application/json", "content": content, "annotations": record}


def _code(commit: str | None) -> list[Mapping[str, object]]:
    """The code that built, where it is a commit and nothing was changed since."""
    return [{"name": "kamado", "digest": {"gitCommit": commit}}] if commit and COMMIT.fullmatch(commit) else []


def _dirty(commit: str | None) -> dict[str, str]:
    """The description of code that is not a commit and therefore has no digest."""
    return {"code": commit} if commit and not COMMIT.fullmatch(commit) else {}
