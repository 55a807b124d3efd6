"""What the documents claim: links lead somewhere, targets exist, tables are those of the code."""

import re
import subprocess
from pathlib import Path

import pytest

from components.extract.googlesql import reference
from components.extract.sources import types_page
from model.exit_codes import DONE, NO_IMAGE, REFUSED, USAGE
from model.interrupt import INTERRUPTED
from model.spec import reference as spec_reference
from model.spec.types import PARTS
from pipelines.cluster import page as cluster_page
from pipelines.local.summary import EXIT

ROOT = Path(__file__).resolve().parents[1]
FORMAT = ROOT / "model" / "bundle" / "FORMAT.md"
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("[!.]*/README.md"), FORMAT]


def make(*arguments):
    return subprocess.run(["make", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not link.startswith("http") and not (page.parent / link).exists()] == []


def test_make_alone_lists_every_target_of_the_readme():
    listed = set(re.findall(r"^  make (\S+)", make(), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert {first or second for first, second in named} <= listed
    assert {"run", "test", "check", "fix", "serve", "report", "clean"} <= listed


def test_clean_removes_what_runs_left_and_nothing_else(tmp_path):
    out = tmp_path / "a folder"
    for file in (
        "runs/000001/.kamado",
        "runs/mine/notes",
        "images/oci-layout",
        "sample/portal.json",
        "pipeline/kamado-a/pipeline.kfp.yaml",
        "pipeline/mine/notes",
        "code.py",
        ".lock",
    ):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (out / file).touch()
    (out / "latest").symlink_to("runs/000001")
    (out / "bundle").symlink_to("latest/bundle")
    (out / "verdict.json").write_text("mine")
    make("clean", f"OUT={out}")
    left = {str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir()}
    assert left == {"runs/mine/notes", "pipeline/mine/notes", "code.py", "verdict.json"}


def test_clean_leaves_no_empty_folder(tmp_path):
    (tmp_path / "out" / "runs" / "000001").mkdir(parents=True)
    (tmp_path / "out" / "runs" / "000001" / ".kamado").touch()
    make("clean", f"OUT={tmp_path}/out")
    assert not (tmp_path / "out").exists()


def test_every_target_is_phony_but_the_environment():
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split())
    assert targets == phony


def test_the_page_of_commands_has_every_target_with_its_variables():
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    lines = re.findall(r"^\| `make ([a-z-]+)` \|(.*)$", page, re.MULTILINE)
    listed = {target: set(re.findall(r"`([A-Z_]+)`", cells)) for target, cells in lines}
    described = re.findall(r"^([a-z-]+):.*## (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    taken = {target: set(re.findall(r"\b([A-Z_]+)=", text.replace("IMAGE@", ""))) for target, text in described}
    assert listed == taken
    explained = page.partition("| variable | meaning")[2]
    assert {name for names in taken.values() for name in names} <= set(re.findall(r"`([A-Z_]+)`", explained))


def test_the_page_of_commands_has_every_variable_of_the_environment():
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    read = set()
    for file in files:
        if file.endswith((".py", ".yml", "Dockerfile", "Makefile")) and (ROOT / file).is_file():
            read |= set(re.findall(r"\bKAMADO_[A-Z_]*[A-Z]\b", (ROOT / file).read_text("utf-8")))
    assert set(re.findall(r"`(KAMADO_[A-Z_]+)`", page)) == read


def test_the_page_of_commands_has_every_exit_code():
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    listed = {int(code) for code in re.findall(r"^\| ([0-9]+) \|", page, re.MULTILINE)}
    assert listed == {DONE, REFUSED, USAGE, NO_IMAGE, INTERRUPTED} == {USAGE, INTERRUPTED, *EXIT.values()}


def test_the_step_table_is_the_folders():
    table = (ROOT / "components" / "README.md").read_text("utf-8")
    named = re.findall(r"^\| ([a-z_]+) \| (?!reads)", table, re.MULTILINE)
    assert set(named) - {"step"} == {path.parent.name for path in ROOT.glob("components/*/component.py")}


def test_the_spec_reference_is_what_the_types_say():
    assert (ROOT / "docs" / "spec.schema.json").read_bytes() == spec_reference.schema(), "run: make fix"
    assert (ROOT / "docs" / "spec.md").read_bytes() == spec_reference.page(), "run: make fix"


def test_the_page_of_the_cluster_is_what_the_types_say():
    assert (ROOT / "docs" / "cluster.md").read_bytes() == cluster_page.page(), "run: make fix"


def test_the_page_of_googlesql_is_what_the_tables_say():
    assert (ROOT / "docs" / "googlesql.md").read_bytes() == reference.page(), "run: make fix"


def test_the_table_of_types_is_what_the_sources_do():
    page = (ROOT / "docs" / "bigquery.md").read_text("utf-8")
    assert page == types_page.with_types(page), "run: make fix"


def test_the_spec_reference_has_the_bounds_of_numbers():
    page = (ROOT / "docs" / "spec.md").read_text("utf-8")
    assert "| `cuts` | whole number, 1 to 10 |" in page
    assert "| `minutes` | number, above 0, at most 1,000,000 |" in page
    assert "| `end` | date |" in page


def test_every_part_in_the_spec_reference_links_to_its_keys():
    page = (ROOT / "docs" / "spec.md").read_text("utf-8")
    links = re.findall(r"\]\(#([a-z_]+)\)", page)
    assert set(links) == {*PARTS}
    assert all(f"\n## `{link}`\n" in page for link in links)


def test_a_figure_of_the_readme_names_the_bench_that_prints_it():
    for script in re.findall(r"`?(bench/[a-z_]+\.py)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / script).is_file(), script


def test_nothing_tracked_names_this_machine():
    lines = subprocess.run(
        ["git", "grep", "-nIE", r"/work/(main|shared)|(^|/)\.library|files\.pythonhosted|deb\.debian"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    assert [line for line in lines if not line.startswith("tests/test_docs.py")] == []
