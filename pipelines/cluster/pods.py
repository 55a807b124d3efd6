"""The pod of a step: what it takes, where it runs, how often it is tried, what secrets it gets."""

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

from kfp import dsl, kubernetes

from model.spec.resources import PodResources, StepName
from pipelines.cluster.settings import ClusterSettings, Nodes
from pipelines.container import set_resources, set_variable

FIRST_WAIT, LONGEST_WAIT = 60, 600  # seconds between two tries
RUN_LABEL = "metadata.labels['pipeline/runid']"  # which Kubeflow puts on every pod of a run; no key of the cache
SECRETS = "/var/run/secrets/kamado"
SMALL = PodResources("500m", "512Mi", minutes=10, retries=0, spot=False)
# Of steps that no spec names: the table and the end of several models, and the message at the end of any run.
OTHERS = {"fleet_summary": replace(SMALL, retries=2), "fleet_conclude": SMALL, "notify": SMALL}


def configure(
    task: dsl.PipelineTask, pod_of: Callable[[StepName], PodResources], cluster: ClusterSettings
) -> dsl.PipelineTask:
    """Put the task of a step onto the cluster; `pod_of` says what the spec gives a step."""
    step = task.component_spec.name.replace("-", "_")
    pod = next((pod_of(name) for name in get_args(StepName) if name == step), None) or OTHERS[step]
    set_resources(task, pod)
    kubernetes.set_timeout(task, pod.minutes * 60)
    if pod.retries:
        _retry(task, pod)
    _choose_nodes(task, cluster.spot if pod.spot else cluster.on_demand)
    for key, value in cluster.labels.items():
        kubernetes.add_pod_label(task, key, value)
    for key, value in cluster.annotations.items():
        kubernetes.add_pod_annotation(task, key, value)
    if cluster.image_pull_secrets:
        kubernetes.set_image_pull_secrets(task, list(cluster.image_pull_secrets))
    if step == "extract":
        kubernetes.use_field_path_as_env(task, "KAMADO_RUN", RUN_LABEL)
    _give_secrets(task, step, cluster)
    return task


def pipeline_config(cluster: ClusterSettings) -> dsl.PipelineConfig:
    """What the whole run gets: when it is stopped, and when what is left of it is deleted."""
    return dsl.PipelineConfig(
        ttl_seconds_after_finished=cluster.ttl_days * 86_400 if cluster.ttl_days else None,
        active_deadline_seconds=cluster.deadline_hours * 3600 if cluster.deadline_hours else None,
    )


def _retry(task: dsl.PipelineTask, pod: PodResources) -> None:
    """Argo counts the last second from the start of the first try: the default hour would leave a long step untried."""
    last = (pod.retries + 1) * pod.minutes * 60 + pod.retries * LONGEST_WAIT
    task.set_retry(pod.retries, backoff_duration=f"{FIRST_WAIT}s", backoff_factor=2.0, backoff_max_duration=f"{last}s")


def _choose_nodes(task: dsl.PipelineTask, nodes: Nodes) -> None:
    for key, value in nodes.node_selector.items():
        kubernetes.add_node_selector(task, key, value)
    for toleration in nodes.tolerations:
        kubernetes.add_toleration(task, toleration.key, toleration.operator, toleration.value, toleration.effect)


def _give_secrets(task: dsl.PipelineTask, step: str, cluster: ClusterSettings) -> None:
    """Each as a variable; of a file, the variable holds its path. A missing Secret keeps the pod from starting."""
    if step == "notify" and cluster.notification is not None:
        webhook = cluster.notification.webhook
        kubernetes.use_secret_as_env(task, webhook.secret, {webhook.key: "KAMADO_WEBHOOK"})
    mounted = set[str]()
    for variable, secret in cluster.secrets_of(step).items():
        if not cluster.is_file(variable):
            kubernetes.use_secret_as_env(task, secret.secret, {secret.key: variable})
            continue
        folder = f"{SECRETS}/{secret.secret}"
        if secret.secret not in mounted:
            kubernetes.use_secret_as_volume(task, secret.secret, folder)
        mounted.add(secret.secret)
        set_variable(task, variable, f"{folder}/{secret.key}")
