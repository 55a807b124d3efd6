"""What steps take on a cluster: quantities of Kubernetes, a default for every key, no effect on what is trained."""

import pytest

from model.spec.resources import DEFAULTS, PodResources, largest
from model.spec.types import Spec
from tests.model.specs import changed


@pytest.mark.parametrize(
    ("text", "cpu", "threads"),
    [(4, "4", 4), ("4", "4", 4), (0.5, "500m", 1), ("500m", "500m", 1), (2.5, "2500m", 2), ("3000m", "3", 3)],
)
def test_processors_are_written_in_one_form(read, text, cpu, threads):
    pod = read(changed(("resources", {"train": {"cpu": text}}))).pod("train")
    assert (pod.cpu, pod.threads) == (cpu, threads)


def test_what_is_not_written_is_the_step_s_default(read):
    pod = read(changed(("resources", {"extract": {"memory": "16Gi", "spot": False}}))).pod("extract")
    assert pod == PodResources("2", "16Gi", minutes=120, retries=3, spot=False)
    assert pod.bytes == 16 * 2**30


def test_steps_that_publish_stay_and_heavy_ones_may_go_away():
    spots = {step for step, pod in DEFAULTS.items() if pod.spot}
    assert spots == {"extract", "preprocess", "train", "evaluate", "refit"}


def test_training_has_time_for_twice_its_search(read):
    assert read(changed(("training.minutes", 600))).pod("train").minutes == 1260


def test_the_largest_of_several_is_enough_for_each():
    first = PodResources("2500m", "8Gi", minutes=100, retries=3, spot=True)
    second = PodResources("3", "9G", minutes=5, retries=1, spot=False)
    assert largest([first, second]) == PodResources("3", "9G", minutes=100, retries=3, spot=False)


def test_resources_change_neither_the_spec_s_digest_nor_what_steps_read(read):
    """More memory after a failure leaves the results of earlier steps in the cache."""
    plain, large = read(changed()), read(changed(("resources", {"train": {"memory": "64Gi", "cpu": 16}})))
    assert (large.spec_sha256, large.to_json()) == (plain.spec_sha256, plain.to_json())
    assert large != plain == Spec.from_json(large.to_json())


CPU = "which is not an amount of processors. Write it like 4 or 500m"
MEMORY = "which is not an amount of memory. Write it like 8Gi or 512Mi, from 128Mi to 64Ti"
STEPS = f"Write {', '.join(map(repr, [*DEFAULTS][:-1]))} or 'conclude'"


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"trian": {}}, f"resources: has the key 'trian'. {STEPS}"),
        ({"train": {"memroy": "8Gi"}}, "resources.train.memroy: is an unknown key. Did you mean `memory`?"),
        ({"train": {"cpu": "four"}}, f"resources.train.cpu: is 'four', {CPU}"),
        ({"train": {"cpu": True}}, f"resources.train.cpu: is True, {CPU}"),
        ({"train": {"cpu": "0.0005"}}, f"resources.train.cpu: is '0.0005', {CPU}"),
        ({"train": {"memory": 8}}, f"resources.train.memory: is 8, {MEMORY}"),
        ({"train": {"memory": "8GB"}}, f"resources.train.memory: is '8GB', {MEMORY}"),
        ({"train": {"memory": "1Mi"}}, f"resources.train.memory: is '1Mi', {MEMORY}"),
        ({"train": {"minutes": 0}}, "resources.train.minutes: is 0. Write a number above 0"),
        ({"train": {"retries": 11}}, "resources.train.retries: is 11. Write 10 or less"),
        ({"train": {"spot": "maybe"}}, "resources.train.spot: is 'maybe'. Write true or false"),
        (
            {"conclude": {"retries": 1}},
            "resources.conclude.retries: is above 0. Its failure is how a run ends red, so leave it out",
        ),
        (
            {"train": {"minutes": 5}},
            "resources.train.minutes: is 5, less than training.minutes. "
            "10 are for the search alone: give more, or leave it out",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value),
)
def test_what_no_cluster_can_give_is_refused(problems, resources, message):
    assert problems(changed(("resources", resources))) == [message]
