"""Pages in a real browser, in frames as Kubeflow's pages have them: sandboxed, and 598 pixels high."""

import contextlib
import html
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--no-sandbox", "--hide-scrollbars", "--disable-background-networking", "--disable-component-update")
HEIGHT = 598
MEASURE = Path(__file__).with_name("measure.js").read_text("utf-8")
MILLISECONDS = 120_000  # a browser that hangs must not hold the tests
FRAME = """<body style="margin: 0"><iframe sandbox="allow-scripts" srcdoc="{}"
  style="display: block; border: 0; width: 100vw; height: 100vh"></iframe>"""
UNFOLD = "() => document.querySelectorAll('details').forEach(details => details.open = true)"
FOCUSED = """() => ({tag: document.activeElement.tagName, text: document.activeElement.innerText.slice(0, 80),
  open: document.activeElement.parentElement.open,
  outline: getComputedStyle(document.activeElement).outlineStyle})"""

Measured = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Looks:
    """What measure.js found in a page, by the width of its frame, and what the browser's console got.

    `opened` is the page as people first see it, `dark` the same in dark colours in the first of the widths, `unfolded`
    has everything unfolded.
    """

    opened: dict[int, Measured]
    dark: dict[int, Measured]
    unfolded: dict[int, Measured]
    errors: list[str]


class Chromium:
    """One browser for all tests, in a thread of its own: Playwright's loop forbids any other loop in its thread."""

    def __init__(self, browser: Browser, thread: ThreadPoolExecutor) -> None:
        self._browser = browser
        self._thread = thread

    def look(self, source: str, widths: Sequence[int], pictures: Path | None = None) -> Looks:
        """`source` in a frame of each width; with `pictures` also as PICTURES-WIDTH-STATE.png."""
        return self._thread.submit(self._look, source, widths, pictures).result()

    def press(self, source: str, width: int, keys: Sequence[str]) -> list[Measured]:
        """The element with the focus after each of `keys`: its tag, text and outline, and whether it is unfolded."""
        return self._thread.submit(self._press, source, width, keys).result()

    def use(self, work: Callable[[Page], Result]) -> Result:
        """What `work` returns. It gets a new page, in the browser's thread."""
        return self._thread.submit(self._use, work).result()

    def _use(self, work: Callable[[Page], Result]) -> Result:
        with contextlib.closing(self._browser.new_page()) as page:
            page.set_default_timeout(MILLISECONDS)
            return work(page)

    def _look(self, source: str, widths: Sequence[int], pictures: Path | None) -> Looks:
        with self._page(source) as (page, errors):
            opened = {width: _measured(page, width, pictures, "opened") for width in widths}
            page.emulate_media(color_scheme="dark")
            dark = {width: _measured(page, width, pictures, "dark") for width in widths[:1]}
            page.emulate_media(color_scheme="light")
            page.frames[1].evaluate(UNFOLD)
            unfolded = {width: _measured(page, width, pictures, "unfolded", whole=True) for width in widths}
            return Looks(opened, dark, unfolded, errors)

    def _press(self, source: str, width: int, keys: Sequence[str]) -> list[Measured]:
        focused = []
        with self._page(source) as (page, _):
            _resize(page, width, HEIGHT)
            for key in keys:
                page.keyboard.press(key)
                focused.append(page.frames[1].evaluate(FOCUSED))
        return focused

    @contextlib.contextmanager
    def _page(self, source: str) -> Iterator[tuple[Page, list[str]]]:
        """A page that is one frame, and the list to which errors of its console are added."""
        errors: list[str] = []
        with contextlib.closing(self._browser.new_page()) as page:
            page.set_default_timeout(MILLISECONDS)
            page.on("console", lambda message: errors.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.set_content(FRAME.format(html.escape(source)))
            yield page, errors


def _resize(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})


def _measured(page: Page, width: int, pictures: Path | None, state: str, *, whole: bool = False) -> Measured:
    """With the picture of what fits into the frame, or of the whole page."""
    _resize(page, width, HEIGHT)
    measured: Measured = page.frames[1].evaluate(MEASURE)
    if pictures:
        _resize(page, width, measured["height"] if whole else HEIGHT)
        page.screenshot(path=f"{pictures}-{width}-{state}.png")
    return measured


@contextlib.contextmanager
def open_chromium() -> Iterator[Chromium]:
    """Skips where there is no browser."""
    executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if executable is None:
        pytest.skip("needs chromium to lay pages out: apt-get install chromium")
    with ThreadPoolExecutor(max_workers=1) as thread:
        driver = thread.submit(sync_playwright().start).result()
        try:
            browser = thread.submit(driver.chromium.launch, executable_path=executable, args=ARGUMENTS).result()
            yield Chromium(browser, thread)
            thread.submit(browser.close).result()
        finally:
            thread.submit(driver.stop).result()
