"""The model in service is brought as a bundle or as the newest release; a model without one has none to beat."""

import pytest
from kfp.dsl import Model

from artifacts.refusal import Refusal
from build.oci.layout import Layout
from build.release.promote import promote
from components.champion.champion import champion
from components.champion.component import champion as component
from components.resolve.champion import pinned_champion
from model.bundle.folder import BOOSTER, bundle_digest
from model.errors import KamadoError
from tests.build.released import BASE, assembled, published


def bring(named, tmp_path, model="toy-conversion"):
    messages = []
    cache = tmp_path / "cache"
    reference = pinned_champion(str(named), model, cache=cache, report=messages.append)
    digest = champion(reference, model, tmp_path / "released", cache=cache, report=messages.append)
    return digest, " ".join(messages)


@pytest.fixture
def images(valid_bundle, verdict, tmp_path):
    (tmp_path / "work").mkdir()
    candidate = assembled(BASE, valid_bundle, verdict, tmp_path / "work")
    store = Layout(tmp_path / "images")
    published(store, candidate)
    return store, candidate


def test_none_named_is_none(tmp_path):
    assert bring("", tmp_path) == (None, "no champion is named none")
    assert list((tmp_path / "released").iterdir()) == []


def test_a_bundle_is_brought_as_it_is(valid_bundle, tmp_path):
    digest, messages = bring(valid_bundle, tmp_path)
    assert digest == bundle_digest(valid_bundle) == bundle_digest(tmp_path / "released" / "bundle")
    assert digest in messages


def test_the_newest_release_is_brought_out_of_its_image(valid_bundle, images, tmp_path):
    store, candidate = images
    promote(store, "toy-conversion", candidate.tag, report=print)
    digest, messages = bring(f"oci:{store.folder}", tmp_path)
    assert digest == bundle_digest(valid_bundle) == bundle_digest(tmp_path / "released" / "bundle")
    assert "toy-conversion-rel-000001" in messages


def test_a_model_without_a_release_has_no_champion(images, tmp_path):
    assert bring(f"oci:{images[0].folder}", tmp_path, model="another")[0] is None
    assert list((tmp_path / "released").iterdir()) == []


@pytest.mark.parametrize("named", ["/nowhere/at/all", "oci:/nowhere/at/all", "ecr://nobody", "registry://"])
def test_what_is_no_champion_is_refused_by_name_with_the_forms(named, tmp_path):
    with pytest.raises(KamadoError, match="oci:FOLDER") as refusal:
        bring(named, tmp_path)
    assert named in str(refusal.value)
    assert not (tmp_path / "released").exists()


def test_a_damaged_bundle_is_called_the_champions(bundle, tmp_path):
    (bundle / BOOSTER).write_bytes(b"spoiled")
    with pytest.raises(KamadoError, match=f"CHAMPION {bundle}: booster.ubj"):
        bring(bundle, tmp_path)
    assert not (tmp_path / "released").exists()


def test_a_bundle_that_changes_after_it_was_pinned_is_refused(valid_bundle, tmp_path):
    with pytest.raises(KamadoError, match="changed while the run was starting") as refusal:
        champion(f"{valid_bundle}@sha256:{'0' * 64}", "m", tmp_path / "out", cache=tmp_path, report=print)
    assert [problem.code for problem in refusal.value.problems] == ["champion-changed"]
    assert not (tmp_path / "out").exists()


def test_on_a_cluster_its_refusal_is_a_value_too_so_that_no_rows_are_read_for_it(valid_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("KAMADO_REFUSALS", "pass-on")
    pinned = f"{valid_bundle}@sha256:{'0' * 64}"
    released = Model(uri=str(tmp_path / "released"))
    outputs = component.python_func(model="toy", champion=pinned, refusal="", released=released)
    refusal = Refusal.parse(outputs.refusal.encode(), name="refusal")
    assert refusal == Refusal.read(tmp_path / "released")
    assert (refusal.step, [problem.code for problem in refusal.problems]) == ("champion", ["champion-changed"])
    passed = component.python_func(model="toy", champion="", refusal=outputs.refusal, released=released)
    assert passed == outputs
