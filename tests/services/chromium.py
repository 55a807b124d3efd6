"""Pages as a browser lays them out, in frames of given widths: Kubeflow's pane is one."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
SECONDS = 120  # a browser that hangs must not hold the tests

# What is beyond the right edge, what has to be pushed sideways, the size of a chart's text as it is seen, all cells.
MEASURE = """
const measure = (view, page) => ({
  beyond: [...page.querySelectorAll("body *")].filter(e => e.getClientRects().length
    && e.getBoundingClientRect().right > view.innerWidth + 1).map(e => e.outerHTML.slice(0, 120)),
  pushed: [...page.querySelectorAll("body, body *:not(svg *)")].filter(e => e.clientWidth
    && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML.slice(0, 120)),
  texts: Object.fromEntries([...page.querySelectorAll("svg.chart")].map(e => [e.ariaLabel.split(":")[0],
    parseFloat(view.getComputedStyle(e.querySelector("text")).fontSize) * e.getScreenCTM().a])),
  shown: [...page.querySelectorAll("td, tbody th")].filter(e => e.checkVisibility()).map(e => e.innerText.trim()),
});
"""


def laid_out(page: Path, widths: tuple[int, ...], folder: Path) -> dict[int, dict[str, Any]]:
    """Width -> measures of the page in a frame of that many pixels. Skips where there is no browser."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip("needs chromium to lay the page out: apt-get install chromium")
    source = html.escape(page.read_text("utf-8").replace("<details", "<details open"))
    frames = "".join(f'<iframe width="{width}" height="598" srcdoc="{source}"></iframe>' for width in widths)
    script = """<script>onload = () => {
      const frames = [...document.querySelectorAll("iframe")].map(e => measure(e.contentWindow, e.contentDocument));
      document.body.replaceChildren(document.createElement("pre"));
      document.querySelector("pre").textContent = JSON.stringify(frames);
    }</script>"""
    frame = folder / "frames.html"
    frame.write_text(f"<script>{MEASURE}</script>{script}<body>{frames}</body>", "utf-8")
    command = [browser, *QUIET, f"--user-data-dir={folder / 'browser'}", "--dump-dom", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    answer = re.search(r"<pre>(.*?)</pre>", done.stdout, re.DOTALL)
    assert answer, f"{browser} gave no measures: {done.stderr[-2000:]}"
    return dict(zip(widths, json.loads(html.unescape(answer[1])), strict=True))
