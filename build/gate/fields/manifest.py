"""The rules of a manifest."""

from datetime import UTC, datetime

from build.gate.fields import identity, inputs, lineage, scoring
from build.gate.fields.rule import Table, faults, rules_of
from build.gate.fields.subject import Trained
from model.bundle.bundle import MANIFEST, RETRAIN, Manifest
from model.errors import Fault

TABLE: Table[Trained] = (*identity.TABLE, *lineage.TABLE, *inputs.TABLE, *scoring.TABLE)


def manifest_faults(manifest: Manifest, *, version: str) -> list[Fault]:
    """Every fault of the manifest in itself; `version` is the XGBoost that will serve."""
    trained = Trained(manifest, version, datetime.now(UTC))
    return faults(rules_of(TABLE), trained, document=MANIFEST, way_out=RETRAIN)
