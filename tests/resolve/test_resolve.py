"""What the outer world says is asked at once, and all that is wrong with it is refused together."""

from datetime import date

import pyarrow.parquet as pq
import pytest

from build.image.attest.signature import sign
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.store import StoreError
from build.release.promote import promote
from components.resolve.end import resolved_end
from components.resolve.resolve import ResolveError, RunInputs, resolve
from model.bundle.folder import bundle_digest
from model.errors import UsageError
from tests.build.image.server_image import server
from tests.build.released import BASE, assembled, published
from tests.logs import log, spec_of

TODAY = date(2026, 7, 4)
SQL = "SELECT l.* FROM impressions AS l WHERE l.shown_at >= @start AND l.shown_at < @end"
NO_MOMENTS = {"scheduled": "", "created": ""}


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(log(), tmp_path / "data" / "impressions.parquet")
    return tmp_path / "data"


@pytest.fixture
def ask(data, tmp_path):
    def ask(*, model="small", environ=(), **named):
        values = {"end": "", "scheduled": "", "created": "", "base": "", "champion": "", "destination": ""}
        inputs = RunInputs(**{**values, "source": f"duckdb:{data}", "cluster": False, **named})
        environ = {"KAMADO_CACHE": str(tmp_path / "cache"), **dict(environ)}
        spec = spec_of(sql_text=SQL, model=model, source__end=None)
        return resolve(spec, inputs, environ, today=TODAY, report=lambda _: None)

    return ask


def codes(refusal):
    return [problem.code for problem in refusal.value.problems]


class TestEnd:
    @pytest.mark.parametrize(
        ("named", "spec", "scheduled", "created", "expected"),
        [
            ("2026-06-01", date(2026, 5, 1), "2026-07-03T06:00:00Z", "2026-07-04T07:00:00Z", date(2026, 6, 1)),
            ("", date(2026, 5, 1), "2026-07-03T06:00:00Z", "2026-07-04T07:00:00Z", date(2026, 5, 1)),
            ("", None, "2026-07-03T06:00:00Z", "2026-07-04T07:00:00Z", date(2026, 7, 3)),
            ("", None, "2026-07-03T01:00:00+09:00", "", date(2026, 7, 2)),
            ("", None, "{{$.pipeline_job_schedule_time_utc}}", "2026-07-03T07:00:00.5Z", date(2026, 7, 3)),
            ("", None, "{{$.pipeline_job_schedule_time_utc}}", "{{$.pipeline_job_create_time_utc}}", TODAY),
        ],
        ids=["named", "spec", "schedule", "utc", "created", "old-backend"],
    )
    def test_the_first_that_is_known_counts(self, named, spec, scheduled, created, expected):
        assert resolved_end(named, spec, scheduled=scheduled, created=created, today=TODAY) == expected

    @pytest.mark.parametrize(
        ("named", "code"),
        [
            ("yesterday", "end-unreadable"),
            ("20260701", "end-unreadable"),
            ("1066-01-01", "end-unreadable"),
            ("2026-07-06", "end-future"),
        ],
    )
    def test_another_day_is_refused(self, named, code):
        with pytest.raises(UsageError) as refusal:
            resolved_end(named, None, **NO_MOMENTS, today=TODAY)
        assert codes(refusal) == [code]


class TestValues:
    def test_they_are_the_same_while_the_world_is(self, ask):
        first = ask()
        assert first == ask()
        assert (first.end, first.champion) == ("2026-07-04", "")

    def test_the_newest_release_is_pinned_by_its_digest_where_its_owner_has_signed_it(
        self, ask, valid_bundle, verdict, keys, tmp_path
    ):
        (tmp_path / "work").mkdir()
        candidate = assembled(BASE, valid_bundle, verdict, tmp_path / "work")
        store = Layout(tmp_path / "images")
        published(store, candidate)
        address = f"oci:{store.folder}"
        assert ask(model="toy-conversion", champion=address).champion == ""
        promote(store, "toy-conversion", candidate.tag, report=lambda _: None)
        pinned = ask(model="toy-conversion", champion=address).champion
        assert pinned == f"{address}@{store.resolve(candidate.tag)}"

        environ = {"KAMADO_SIGNING_KEY": f"{keys}/mine.pem", "KAMADO_REQUIRE_KEY": f"{keys}/mine.pub"}
        with pytest.raises(ResolveError) as refusal:  # what comes from the cache by the digest would not ask again
            ask(model="toy-conversion", champion=address, environ=environ)
        assert codes(refusal) == ["signature-missing"]
        store.attach(store.resolve(candidate.tag), [sign(tmp_path / "work" / "model", keys / "mine.pem")])
        assert ask(model="toy-conversion", champion=address, environ=environ).champion == pinned

    def test_a_release_without_a_record_of_its_smoke_test_is_refused_whatever_is_in_the_cache(
        self, ask, valid_bundle, verdict, tmp_path
    ):
        (tmp_path / "work").mkdir()
        candidate = assembled(BASE, valid_bundle, verdict, tmp_path / "work")
        store = Layout(tmp_path / "images")
        store.tag(publish(store, candidate.image, candidate.tag).digest, "toy-conversion-rel-000001")
        with pytest.raises(ResolveError) as refusal:
            ask(model="toy-conversion", champion=f"oci:{store.folder}")
        assert codes(refusal) == ["image-untested"]

    def test_a_bundle_is_pinned_by_its_digest(self, ask, valid_bundle):
        assert ask(champion=str(valid_bundle)).champion == f"{valid_bundle}@{bundle_digest(valid_bundle)}"


class TestRefused:
    def test_all_that_is_wrong_is_refused_at_once(self, ask, tmp_path):
        with pytest.raises(ResolveError) as refusal:
            ask(
                end="never",
                champion=str(tmp_path / "none"),
                source=f"duckdb:{tmp_path / 'none'}",
                base="oci:/nowhere",
                destination="nowhere",
            )
        assert codes(refusal) == ["end-unreadable", "champion-missing", "data-missing", "base-missing", "store-unknown"]

    def test_a_table_that_is_missing_is_refused_before_anything_takes_long(self, ask, data):
        (data / "impressions.parquet").unlink()
        with pytest.raises(ResolveError) as refusal:
            ask()
        assert codes(refusal) == ["table-missing"]

    def test_on_a_cluster_nothing_may_stay_in_a_pod(self, ask, tmp_path):
        with pytest.raises(ResolveError) as refusal:
            ask(cluster=True)
        assert codes(refusal) == ["destination-missing", "base-without-digest"]
        publish(Layout(tmp_path / "base"), server(), "server-1")
        with pytest.raises(ResolveError) as refusal:
            ask(cluster=True, destination=f"oci:{tmp_path}", base=f"oci:{tmp_path / 'base'}:server-1")
        assert codes(refusal) == ["destination-pod", "base-without-digest"]

    def test_an_error_of_the_outer_world_is_not_final_and_comes_before_refusals(self, ask, tmp_path):
        (tmp_path / "images").mkdir()
        (tmp_path / "images" / "index.json").write_text("damaged")
        with pytest.raises(StoreError) as failure:
            ask(end="never", champion=f"oci:{tmp_path / 'images'}")
        assert codes(failure) == ["store-broken"]
        assert not failure.value.final
