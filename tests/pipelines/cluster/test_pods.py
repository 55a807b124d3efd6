"""What a step's task says to Kubernetes."""

import pytest
import yaml
from kfp import compiler, dsl

from components.extract.component import extract
from components.load_spec.component import load_spec
from model.spec.resources import PodResources
from pipelines.cluster.pods import configure, pipeline_config
from pipelines.cluster.settings import ClusterSettings

HEAVY = PodResources("2500m", "8Gi", minutes=100, retries=3, spot=True)
LIGHT = PodResources("1", "1Gi", minutes=10, retries=0, spot=False)
CLUSTER = ClusterSettings.model_validate(
    {
        "image_pull_secrets": ["registry"],
        "spot": {
            "node_selector": {"capacity": "spot"},
            "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
        },
        "on_demand": {"node_selector": {"capacity": "on-demand"}},
        "labels": {"team": "search"},
        "annotations": {"sidecar.istio.io/inject": "false"},
    }
)
SECRETS = ClusterSettings.model_validate(
    {
        "secrets": {
            "KAMADO_SIGNING_KEY": {"secret": "keys", "key": "mine.pem", "steps": ["load_spec"]},
            "KAMADO_REQUIRE_KEY": {"secret": "keys", "key": "theirs.pub", "steps": ["load_spec"]},
            "HTTPS_PROXY": {"secret": "proxy", "key": "address", "steps": ["load_spec"]},
            "NO_PROXY": {"secret": "proxy", "key": "names", "steps": ["train"]},
        }
    }
)


@pytest.fixture
def compiled(tmp_path):
    """The two documents of a pipeline with one task, and the executor's settings in both."""

    def compile_one(pod, cluster=CLUSTER):
        @dsl.pipeline(name="one", pipeline_config=pipeline_config(cluster))
        def graph() -> None:
            configure(load_spec(uri="x"), lambda _: pod, cluster)

        compiler.Compiler().compile(graph, str(tmp_path / "one.yaml"))
        return list(yaml.safe_load_all((tmp_path / "one.yaml").read_text()))

    return compile_one


def pod_of(documents):
    return documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-load-spec"]


def test_what_is_requested_is_the_limit(compiled):
    pipeline, _ = compiled(HEAVY)
    resources = pipeline["deploymentSpec"]["executors"]["exec-load-spec"]["container"]["resources"]
    assert resources["resourceCpuRequest"] == resources["resourceCpuLimit"] == "2500m"
    assert resources["resourceMemoryRequest"] == resources["resourceMemoryLimit"] == "8Gi"


def test_a_lost_pod_is_tried_again_also_after_hours(compiled):
    """Argo counts the last second from the start of the first try."""
    pipeline, _ = compiled(HEAVY)
    assert pipeline["root"]["dag"]["tasks"]["load-spec"]["retryPolicy"] == {
        "maxRetryCount": 3,
        "backoffDuration": "60s",
        "backoffFactor": 2.0,
        "backoffMaxDuration": f"{4 * 100 * 60 + 3 * 600}s",
    }


def test_a_step_without_retries_has_no_policy(compiled):
    pipeline, _ = compiled(LIGHT)
    assert "retryPolicy" not in pipeline["root"]["dag"]["tasks"]["load-spec"]


def test_heavy_steps_run_on_spot_nodes_and_others_do_not(compiled):
    heavy, light = pod_of(compiled(HEAVY)), pod_of(compiled(LIGHT))
    assert heavy["nodeSelector"] == {"labels": {"capacity": "spot"}}
    assert heavy["tolerations"] == [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}]
    assert light["nodeSelector"] == {"labels": {"capacity": "on-demand"}}
    assert "tolerations" not in light
    assert (heavy["activeDeadlineSeconds"], light["activeDeadlineSeconds"]) == ("6000", "600")


def test_every_pod_has_labels_annotations_and_the_pull_secret(compiled):
    pod = pod_of(compiled(LIGHT))
    assert pod["podMetadata"] == {
        "labels": {"team": "search"},
        "annotations": {"sidecar.istio.io/inject": "false"},
    }
    assert [secret["secretName"] for secret in pod["imagePullSecret"]] == ["registry"]
    assert "secretAsEnv" not in pod
    assert "secretAsVolume" not in pod


def test_the_pod_of_extract_alone_knows_the_run_and_no_key_of_the_cache_does(compiled, tmp_path):
    assert "fieldPathAsEnv" not in pod_of(compiled(LIGHT))

    @dsl.pipeline(name="one")
    def graph() -> None:
        task = extract(spec=load_spec(uri="x").output, source="s", end="e", data_version="d", refusal="")
        configure(task, lambda _: LIGHT, CLUSTER)

    compiler.Compiler().compile(graph, str(tmp_path / "extract.yaml"))
    pipeline, platforms = yaml.safe_load_all((tmp_path / "extract.yaml").read_text())
    pod = platforms["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-extract"]
    assert pod["fieldPathAsEnv"] == [{"name": "KAMADO_RUN", "fieldPath": "metadata.labels['pipeline/runid']"}]
    inputs = pipeline["components"]["comp-extract"]["inputDefinitions"]["parameters"]
    assert sorted(inputs) == ["data_version", "end", "refusal", "source"]


def test_keys_are_files_and_other_secrets_are_variables(compiled):
    documents = compiled(LIGHT, SECRETS)
    pod = pod_of(documents)
    (volume,) = pod["secretAsVolume"]
    assert (volume["secretName"], volume["mountPath"]) == ("keys", "/var/run/secrets/kamado/keys")
    (variable,) = pod["secretAsEnv"]
    assert variable["keyToEnv"] == [{"envVar": "HTTPS_PROXY", "secretKey": "address"}]
    environment = documents[0]["deploymentSpec"]["executors"]["exec-load-spec"]["container"]["env"]
    assert {pair["name"]: pair["value"] for pair in environment} == {
        "KAMADO_SIGNING_KEY": "/var/run/secrets/kamado/keys/mine.pem",
        "KAMADO_REQUIRE_KEY": "/var/run/secrets/kamado/keys/theirs.pub",
    }


def test_a_run_ends_and_is_cleaned_up(compiled):
    config = compiled(HEAVY)[1]["platforms"]["kubernetes"]["pipelineConfig"]
    assert (config["resourceTtlOnCompletion"], config["activeDeadlineSeconds"]) == (7 * 86_400, 24 * 3600)


def test_limits_that_are_empty_are_not_sent(compiled):
    endless = ClusterSettings(ttl_days=None, deadline_hours=None)
    assert not compiled(HEAVY, endless)[1]["platforms"]["kubernetes"].get("pipelineConfig")
