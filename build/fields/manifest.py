"""The rules of a manifest."""

from datetime import UTC, datetime

from build.fields import identity, inputs, lineage, scoring
from build.fields.rule import Table, faults, rules_of
from build.fields.subject import Made
from model.bundle import MANIFEST, RETRAIN, Manifest
from model.errors import Fault

TABLE: Table[Made] = (*identity.TABLE, *lineage.TABLE, *inputs.TABLE, *scoring.TABLE)


def manifest_faults(manifest: Manifest, *, version: str) -> list[Fault]:
    """Every fault of the manifest in itself; `version` is the XGBoost that will serve."""
    made = Made(manifest, version, datetime.now(UTC))
    return faults(rules_of(TABLE), made, document=MANIFEST, way_out=RETRAIN)
