"""The bundle of a refit."""

from pathlib import Path

from components.refit.model import RefittedModel
from components.refit.rows import RefitRows
from components.train.golden import golden_rows
from components.train.manifest import LIBRARIES, trained_until
from model.bundle.bundle import Bundle, load, write
from model.bundle.manifest import BundleManifest, format_of


def write_bundle(judged: Bundle, rows: RefitRows, refitted: RefittedModel, splits: Path, folder: Path) -> Bundle:
    """Write it into `folder` and read it again, so that what is checked is what ships."""
    manifest = manifest_of(judged, rows, refitted)
    booster = refitted.model.booster
    write(folder, manifest, booster, golden_rows(manifest, booster, splits))
    return load(folder)


def manifest_of(judged: Bundle, rows: RefitRows, refitted: RefittedModel) -> BundleManifest:
    """Without the digests of files. `lineage.rows.train` counts every row that it learned from."""
    model, lineage = refitted.model, judged.manifest.lineage
    before = judged.manifest.position
    position = before and before.model_copy(update={"examination": rows.examination})
    return judged.manifest.model_copy(
        update={
            "format": format_of(rows.features, position),
            "position": position,
            "features": tuple(rows.features),
            "linear": model.linear,
            "trees": model.trees,
            "sampling": rows.sampling,
            "calibration": model.calibration,
            "search": refitted.recipe.replacing(judged.manifest.search) | {"workers": rows.engine.use.workers},
            "metrics": {"out_of_fold_log_loss": model.log_loss},
            "lineage": lineage.model_copy(
                update={
                    "rows": {**lineage.rows, "train": rows.rows, "train_sampled": rows.sampled.count},
                    "positives": {**lineage.positives, "train": rows.conversions},
                    "trained_until": trained_until(rows.sampled, rows.newest),
                    "refit_of": judged.digest,
                }
            ),
            "libraries": LIBRARIES,
            "files": {},
        }
    )
