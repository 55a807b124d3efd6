"""The spec reaches the steps as a file, however long it is and whatever its query holds."""

import base64
import lzma
import random
import string

import pytest

from components.load_spec.load_spec import load_spec
from components.load_spec.spec_uri import MOST_PACKED, PACKED, packed
from model.errors import SpecError
from model.spec.types import Spec
from tests.logs import spec_of

PLACEHOLDERS = (
    "SELECT '{{$}}' AS a, '{{$.inputs.parameters}}' AS b, 'python3' AS c FROM log WHERE t >= @start AND t < @end"
)


def wide_spec(features: int, **changes: object) -> Spec:
    """A spec whose features have long names that nothing can shorten."""
    letters = random.Random(7)
    names = ["".join(letters.choices(string.ascii_lowercase, k=30)) + str(number) for number in range(features)]
    sql = f"SELECT {', '.join(names)}, '{{{{$}}}}' AS note FROM log WHERE t >= @start AND t < @end"
    return spec_of(features={name: {"kind": "number"} for name in names}, sql_text=sql, **changes)


def test_a_spec_is_the_same_after_either_way(tmp_path):
    spec = spec_of(sql_text=PLACEHOLDERS)
    (tmp_path / "a {{$}} folder").mkdir()
    file = tmp_path / "a {{$}} folder" / "spec.json"
    file.write_text(spec.to_json())
    for uri in (packed(spec), file.as_uri()):
        assert "{{" not in uri
        out = tmp_path / uri.partition(":")[0]
        assert load_spec(uri, out) == spec
        assert Spec.read(out) == spec


def test_the_same_spec_packs_to_the_same_text():
    assert packed(spec_of()) == packed(spec_of())


@pytest.mark.case("1,800 features with names of 30 letters, compiled into the pipeline")
def test_1800_features_fit_into_the_compiled_pipeline(tmp_path, outcome):
    spec = wide_spec(1_800)
    uri = packed(spec)
    outcome(f"{len(spec.to_json()):,} bytes of spec travel as {len(uri):,}")
    assert load_spec(uri, tmp_path / "spec") == spec


@pytest.mark.case("a spec that is too long to be compiled in, even packed")
def test_a_spec_that_is_too_long_to_compile_in_is_refused_with_both_lengths(outcome):
    with pytest.raises(
        SpecError, match=rf"takes [0-9,]+ bytes when it is compiled in, of at most {MOST_PACKED:,}"
    ) as no:
        packed(wide_spec(6_000))
    outcome(no.value)


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("", "spec-uri"),
        ("https://example.com/spec.json", "spec-uri"),
        ("file://host/spec.json", "spec-uri"),
        ("file:///nowhere/spec.json", "spec-unreadable"),
        ("file:///", "spec-unreadable"),
        (PACKED + "%%%", "spec-damaged"),
        (PACKED + "AAAA", "spec-damaged"),
        (b"{}", "spec-damaged"),
        (b"\xff", "spec-damaged"),
        (b"[" * 100_000, "spec-damaged"),
        (bytes(64_000_001), "spec-damaged"),
    ],
    ids=["nothing", "web", "another-host", "absent", "folder", "text", "cut", "no-spec", "bytes", "deep", "bomb"],
)
def test_what_is_not_a_spec_is_refused_by_code(uri, code, tmp_path):
    """Bytes are packed as a spec would be."""
    if isinstance(uri, bytes):
        uri = PACKED + base64.b64encode(lzma.compress(uri)).decode()
    with pytest.raises(SpecError) as refusal:
        load_spec(uri, tmp_path / "spec")
    assert [problem.code for problem in refusal.value.problems] == [code]
    assert len(str(refusal.value)) < 1_000
    assert not (tmp_path / "spec").exists()
