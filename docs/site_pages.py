"""mkdocs hook: the site's pages are the repository's Markdown files, under their paths in the repository."""

import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("*.md", "docs/**/*.md", "[!.]*/README.md", "model/bundle/FORMAT.md")
DECISIONS = "docs/decisions"
RELATIVE_LINK = re.compile(r"\]\(([^)#:]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replaces what mkdocs found in docs/, keeping the files of the theme."""
    for file in list(files):
        if file.src_dir == config.docs_dir:
            files.remove(file)
    pages = {path for pattern in PAGES for path in ROOT.glob(pattern)}
    for path in sorted(pages | {target for page in pages for target in _linked_files(page)}):
        files.append(_file(config, path))
    files.append(File.generated(config, f"{DECISIONS}/index.md", content=_list_of_decisions()))
    return files


def _linked_files(page: Path) -> Iterator[Path]:
    """What a page links to and is not a page itself: pictures, specs, schemas, code."""
    for link in RELATIVE_LINK.findall(page.read_text("utf-8")):
        target = (page.parent / link).resolve()
        if target.is_file() and target.is_relative_to(ROOT):
            yield target


def _file(config: MkDocsConfig, path: Path) -> File:
    """A decision is reached by the list of all decisions, not by the navigation."""
    name = path.relative_to(ROOT).as_posix()
    level = InclusionLevel.NOT_IN_NAV if name.startswith(f"{DECISIONS}/") else InclusionLevel.INCLUDED
    return File.generated(config, name, abs_src_path=str(path), inclusion=level)


def _list_of_decisions() -> str:
    """The pages in docs/decisions by their headings."""
    lines = ["# Decisions", ""]
    for path in sorted((ROOT / DECISIONS).glob("*.md")):
        title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"
