"""The rules of a manifest."""

from datetime import UTC, datetime

from build.gate.fields import identity, inputs, lineage, scoring
from build.gate.fields.rule import Table, problems, rules_of
from build.gate.fields.subject import Trained
from model.bundle.bundle import MANIFEST, RETRAIN, Manifest
from model.errors import Problem

TABLE: Table[Trained] = (*identity.TABLE, *lineage.TABLE, *inputs.TABLE, *scoring.TABLE)


def manifest_problems(manifest: Manifest, *, version: str) -> list[Problem]:
    """Every problem of the manifest in itself; `version` is the XGBoost that will serve."""
    trained = Trained(manifest, version, datetime.now(UTC))
    return problems(rules_of(TABLE), trained, document=MANIFEST, hint=RETRAIN)
