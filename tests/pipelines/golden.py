"""The compiled pipelines that are kept as files: `python -m tests.pipelines.golden` writes them again."""

from pathlib import Path

from pipelines.cluster.settings import ClusterSettings
from pipelines.cluster.write import write_pipeline
from pipelines.fleet import fleet
from pipelines.graph_settings import FleetSettings, GraphSettings
from pipelines.training import training
from tests.graphs import BASE, settings_of
from tests.logs import spec_of

FOLDER = Path(__file__).parent / "golden"
IMAGE = "registry.example/kamado/steps@sha256:" + "0" * 64
STORE = "registry://registry.example/models"
CLUSTER = ClusterSettings.model_validate(
    {
        "service_account": "kamado",
        "secrets": {"KAMADO_SIGNING_KEY": {"secret": "kamado-signing", "key": "key.pem"}},
        "spot": {
            "node_selector": {"capacity": "spot"},
            "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
        },
        "on_demand": {"node_selector": {"capacity": "on-demand"}},
        "labels": {"team": "search"},
        "notification": {"webhook": {"secret": "chat", "key": "address"}, "ui": "https://kubeflow.example/pipeline"},
    }
)


def one_model() -> GraphSettings:
    """With defaults alone."""
    return _settings(spec_of(), ClusterSettings())


def two_models() -> FleetSettings:
    """With every setting of a cluster."""
    large = spec_of(model="large", resources={"train": {"cpu": 16, "memory": "64Gi"}})
    models = tuple(_settings(spec, CLUSTER) for spec in (spec_of(), large))
    return FleetSettings(models)


def write_golden(folder: Path) -> None:
    write_pipeline(training, one_model(), folder / "one-model")
    write_pipeline(fleet, two_models(), folder / "two-models")


def _settings(spec, cluster):
    notify = cluster.notification is not None
    more = {"base": BASE, "destination": STORE, "cluster": cluster, "notify": notify}
    return settings_of(spec, image=IMAGE, source="bigquery:project@EU", threads=spec.pod("train").threads, **more)


if __name__ == "__main__":
    write_golden(FOLDER)
