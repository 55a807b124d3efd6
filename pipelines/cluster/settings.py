"""cluster.yaml: what a team's cluster is like. The spec says what a model needs; this says where it gets it.

Every key may be left out. Nothing in the file is secret: secrets are named, and pods get them of Kubernetes.
"""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from model.spec.resources import StepName

OBJECT_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
LABEL = r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$"
LABEL_VALUE = r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$"
ObjectName = Annotated[str, Field(pattern=OBJECT_NAME, max_length=253)]
PodLabelKey = Annotated[str, Field(pattern=LABEL, max_length=317)]
PodLabelValue = Annotated[str, Field(pattern=LABEL_VALUE, max_length=63)]
SecretKeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=253)]
Variable = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$", max_length=128)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$", max_length=2000)]
EMPTY = "empty, as Kubeflow before 2.17 needs it:"
# Which steps read these, each from a file.
KEYS: dict[str, tuple[StepName, ...]] = {
    "KAMADO_SIGNING_KEY": ("resolve", "build_image"),
    "KAMADO_REQUIRE_KEY": ("resolve", "champion", "build_image"),
}


class Setting(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Toleration(Setting):
    """Of a taint, as Kubernetes has it."""

    key: PodLabelKey | None = Field(None, description="of the taint; without one every taint is tolerated")
    operator: Literal["Equal", "Exists"] = "Equal"
    value: PodLabelValue | None = Field(None, description="for `Equal`")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(None, description="default: all")

    @model_validator(mode="after")
    def _is_one_that_kubernetes_takes(self) -> "Toleration":
        if self.operator == "Exists" and self.value:
            raise ValueError("has a value, which `operator: Exists` does not take | delete one of them")
        if self.operator == "Equal" and not self.key:
            raise ValueError("has no key | name the taint's key, or write `operator: Exists`")
        return self


class Nodes(Setting):
    """Which nodes a step runs on."""

    node_selector: dict[PodLabelKey, PodLabelValue] = Field({}, description="labels that a node must have")
    tolerations: tuple[Toleration, ...] = Field((), description="of the taints of these nodes")


class SecretKey(Setting):
    """One key of a Secret in the namespace of the runs."""

    secret: ObjectName = Field(description="name of the Secret")
    key: SecretKeyName = Field(description="key in its data")


class StepSecret(SecretKey):
    """A variable of steps that a Secret fills in."""

    steps: tuple[StepName, ...] = Field((), description="that get it; KAMADO_ keys know their own")
    file: StrictBool = Field(False, description="mount it, and give its path; KAMADO_ keys are files")


class Notification(Setting):
    """A message at the end of every run, also of one that failed."""

    webhook: SecretKey = Field(description="the address to post to: it is a secret")
    api: Address | None = Field(
        "http://ml-pipeline.kubeflow:8888",
        description="of Kubeflow, in the cluster, for errors, time by step and, after Kubeflow 2.17, the verdict",
    )
    ui: Address | None = Field(None, description="of Kubeflow's pages, for the link")


class ClusterSettings(Setting):
    """The whole file."""

    service_account: ObjectName | None = Field(None, description="of the pods (IRSA); default: that of Kubeflow")
    image_pull_secrets: tuple[ObjectName, ...] = Field((), description="for the image of the steps")
    secrets: dict[Variable, StepSecret] = Field({}, description="variable of the steps to the Secret that fills it in")
    spot: Nodes = Field(Nodes(), description="for steps with `spot: true`, which are tried again")
    on_demand: Nodes = Field(Nodes(), description="for the other steps")
    labels: dict[PodLabelKey, PodLabelValue] = Field({}, description="of every pod, for costs and policies")
    annotations: dict[PodLabelKey, str] = Field({}, description="of every pod")
    ttl_days: int | None = Field(
        7, gt=0, le=365, description=f"a finished workflow and its pods are deleted then; {EMPTY} by the cluster's rule"
    )
    deadline_hours: int | None = Field(
        24, gt=0, le=720, description=f"a run that takes longer is stopped; {EMPTY} never"
    )
    models_at_once: int = Field(2, gt=0, le=50, description="of a run with several models")
    notification: Notification | None = Field(None, description="empty: none")

    @model_validator(mode="after")
    def _secrets_reach_a_step(self) -> "ClusterSettings":
        lost = [name for name, secret in self.secrets.items() if name not in KEYS and not secret.steps]
        if lost:
            steps = ", ".join(get_args(StepName))
            hint = f"name the steps that get it, of: {steps}"
            raise ValueError("\n".join(f"secrets.{name}.steps: is missing | {hint}" for name in lost))
        return self

    def secrets_of(self, step: str) -> dict[str, StepSecret]:
        """Variable -> its Secret, of what the step gets."""
        return {name: secret for name, secret in self.secrets.items() if step in (secret.steps or KEYS.get(name, ()))}

    def is_file(self, variable: str) -> bool:
        """Whether the variable holds the path of a file, and not the secret itself."""
        return variable in KEYS or self.secrets[variable].file


SECTIONS: dict[str, type[Setting]] = {
    "spot": Nodes,
    "on_demand": Nodes,
    "tolerations": Toleration,
    "secrets": StepSecret,
    "notification": Notification,
    "webhook": SecretKey,
}
