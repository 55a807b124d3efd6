"""The published JSON Schemas are those of the classes."""

from pathlib import Path

from artifacts.schemas import main, schemas

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_published_schemas_are_current():
    published = {path.name: path.read_bytes() for path in (DOCS / "schemas").glob("*.json")}
    assert published == schemas(), "make fix writes them again"


def test_a_schema_of_a_document_that_is_no_more_is_removed(tmp_path):
    main(str(tmp_path))
    (tmp_path / "schemas" / "gone.schema.json").write_text("{}")
    main(str(tmp_path))
    assert {path.name for path in (tmp_path / "schemas").iterdir()} == set(schemas())
