"""cluster.yaml: every key may be left out, and every problem is reported at once with its line."""

import pytest

from pipelines.cluster.read import ClusterError, read_cluster_settings
from pipelines.cluster.settings import ClusterSettings, StepSecret, Toleration
from pipelines.compile import ROOT

FULL = """
service_account: kamado-pipeline
image_pull_secrets: [registry]
secrets:
  KAMADO_SIGNING_KEY: {secret: kamado-signing, key: key.pem}
  HTTPS_PROXY: {secret: proxy, key: address, steps: [extract, build_image]}
spot:
  node_selector: {karpenter.sh/capacity-type: spot}
  tolerations:
    - {key: spot, operator: Exists, effect: NoSchedule}
on_demand:
  node_selector: {karpenter.sh/capacity-type: on-demand}
labels: {team: search}
annotations: {sidecar.istio.io/inject: "false"}
ttl_days: 3
deadline_hours: 12
models_at_once: 3
notification:
  webhook: {secret: chat, key: address}
  ui: https://kubeflow.example/pipeline
"""


@pytest.fixture
def read(tmp_path):
    def write_and_read(text):
        (tmp_path / "cluster.yaml").write_text(text)
        return read_cluster_settings(tmp_path / "cluster.yaml")

    return write_and_read


@pytest.fixture
def problems(read, tmp_path):
    def refuse(text):
        with pytest.raises(ClusterError) as refusal:
            read(text)
        lines = [f"{problem.where}: {problem.problem}. {problem.hint}" for problem in refusal.value.problems]
        return [line.replace(f"{tmp_path}/", "") for line in lines]

    return refuse


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_every_key_may_be_left_out(read, text):
    assert read(text) == ClusterSettings()


def test_all_keys(read):
    settings = read(FULL)
    assert settings.spot.tolerations == (Toleration(key="spot", operator="Exists", effect="NoSchedule"),)
    assert (settings.ttl_days, settings.deadline_hours, settings.models_at_once) == (3, 12, 3)
    assert settings.notification.api == "http://ml-pipeline.kubeflow:8888"


def test_a_secret_reaches_the_steps_that_read_it_and_no_other(read):
    settings = read(FULL)
    assert settings.secrets_of("train") == {}
    assert settings.secrets_of("resolve") == {"KAMADO_SIGNING_KEY": StepSecret(secret="kamado-signing", key="key.pem")}
    assert [*settings.secrets_of("build_image")] == ["KAMADO_SIGNING_KEY", "HTTPS_PROXY"]
    assert [settings.is_file(name) for name in settings.secrets] == [True, False]


def test_limits_that_are_empty_are_left_to_the_cluster(read):
    settings = read("ttl_days:\ndeadline_hours: null\n")
    assert (settings.ttl_days, settings.deadline_hours) == (None, None)


def test_every_problem_is_reported_at_once_with_its_line(problems, outcome):
    messages = problems(
        "service_acount: kamado\n"
        "ttl_days: 0\n"
        "spot:\n"
        "  tolerations:\n"
        "    - {key: spot, operator: Exist}\n"
        "    - {operator: Equal}\n"
        "labels:\n"
        "  team: 5\n"
        "  team: search\n"
    )
    outcome(messages)
    assert messages == [
        "cluster.yaml:9 'team': stands twice. Keep the one that is meant",
        "cluster.yaml:5 spot.tolerations.0.operator: is 'Exist'. Write 'Equal' or 'Exists'",
        "cluster.yaml:6 spot.tolerations.1: has no key. Name the taint's key, or write `operator: Exists`",
        "cluster.yaml:2 ttl_days: is 0. Write a number above 0",
        "cluster.yaml:1 service_acount: is an unknown key. Did you mean `service_account`?",
    ]


NAME = "Write a name that Kubernetes takes: letters, digits, `-` and `.`, a letter or digit first and last"
STEPS = "load_spec, resolve, champion, extract, preprocess, train, evaluate, refit, build_image, conclude"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("service_account: Kamado_SA\n", f"cluster.yaml:1 service_account: is 'Kamado_SA'. {NAME}"),
        (
            "secrets:\n  lower: {secret: a, key: b, steps: [train]}\n",
            "cluster.yaml:2 secrets.lower: is 'lower'. Write the name of a variable, like KAMADO_SIGNING_KEY",
        ),
        (
            "secrets:\n  HTTPS_PROXY: {secret: a, key: b}\n",
            f"cluster.yaml:2 secrets.HTTPS_PROXY.steps: is missing. Name the steps that get it, of: {STEPS}",
        ),
        (
            "secrets:\n  HTTPS_PROXY: {secret: a, steps: [train]}\n",
            "cluster.yaml:2 secrets.HTTPS_PROXY.key: is missing. Add `key:`",
        ),
        (
            "notification:\n  webhook: {secret: chat, key: url}\n  ui: kubeflow.example\n",
            "cluster.yaml:3 notification.ui: is 'kubeflow.example'. "
            "Write an address, like https://kubeflow.example/pipeline",
        ),
        (
            "spot: {tolerations: [{operator: Exists, value: x}]}\n",
            "cluster.yaml:1 spot.tolerations.0: has a value, which `operator: Exists` does not take. "
            "Delete one of them",
        ),
        ("labels: {team: 5}\n", "cluster.yaml:1 labels.team: is 5. "
         "Write a text; in quotes, if YAML would read something else"),
        ("- a list\n", "cluster.yaml: has no keys. docs/cluster.md has every key"),
    ],
)  # fmt: skip
def test_what_no_cluster_takes_is_refused(problems, text, message):
    assert problems(text) == [message]


@pytest.mark.parametrize("text", ["a: [1", "a: b: c", "day: 2026-02-30", "\tx: 1", "a: *b"])
def test_what_is_no_yaml_is_refused_in_one_line(problems, text):
    (message,) = problems(text)
    assert message.startswith("cluster.yaml: is not YAML (")
    assert message.endswith("). Fix that line")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for path, code in ((tmp_path / "absent.yaml", "cluster-missing"), (tmp_path, "cluster-unreadable")):
        with pytest.raises(ClusterError) as refusal:
            read_cluster_settings(path)
        assert [problem.code for problem in refusal.value.problems] == [code]


def test_an_anchor_that_holds_itself_is_refused(problems):
    assert problems("labels: &a\n  team: *a\n")


def test_the_example_is_read_as_it_stands():
    settings = read_cluster_settings(ROOT / "examples" / "cluster.yaml")
    assert settings.spot.node_selector != settings.on_demand.node_selector
    assert settings.secrets["KAMADO_SIGNING_KEY"].key == "key.pem"
