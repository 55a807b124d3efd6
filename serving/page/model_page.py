"""The page at `/`: what the model in service is, a form to try it, and what it has done."""

from collections.abc import Sequence

from model.bundle.golden import GoldenRow
from serving.model_info import ModelInfo
from serving.page.form import form_section
from serving.page.heading import heading
from serving.page.inputs import inputs_section
from serving.page.live import live_section
from serving.page.markup import element
from serving.page.origin import origin_section
from serving.page.page import Page, assemble
from serving.page.verdict import NoVerdict, ShownVerdict
from serving.page.verdict_section import verdict_section

SCRIPTS = ("elements.js", "answer.js", "contributions.js", "form.js", "exposition.js", "counts.js", "live.js")


def model_page(info: ModelInfo, golden: Sequence[GoldenRow], verdict: ShownVerdict | NoVerdict) -> Page:
    main = element(
        "main",
        form_section(info, golden),
        live_section(),
        inputs_section(info),
        verdict_section(info, verdict),
        origin_section(info),
        id="content",
        tabindex="-1",
    )
    footer = element("footer", "Kamado. This page loads nothing from elsewhere.")
    return assemble(f"{info.model} · Kamado", [heading(info, verdict), main, footer], scripts=SCRIPTS)
