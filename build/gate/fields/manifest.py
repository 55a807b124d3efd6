"""The rules of a manifest."""

from datetime import UTC, datetime

from build.gate.fields import identity, inputs, lineage, scoring
from build.gate.fields.context import ManifestContext
from build.gate.fields.rule import FieldTable, problems, rules_of
from model.bundle.folder import MANIFEST, RETRAIN
from model.bundle.manifest import BundleManifest
from model.errors import Problem

TABLE: FieldTable[ManifestContext] = (*identity.TABLE, *lineage.TABLE, *inputs.TABLE, *scoring.TABLE)


def manifest_problems(manifest: BundleManifest, *, version: str) -> list[Problem]:
    """Every problem of the manifest alone; `version` is the XGBoost that will serve."""
    context = ManifestContext(manifest, version, datetime.now(UTC))
    return problems(rules_of(TABLE), context, document=MANIFEST, hint=RETRAIN)
