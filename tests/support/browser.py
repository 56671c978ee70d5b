"""A real browser that looks at pages: what it complains about, and what no person could use, is a fault.

Debian's chromium, driven by Playwright; no browser is downloaded.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

WIDE, NARROW, HEIGHT = 1280, 400, 900
PATIENCE = 60_000
"""Milliseconds, for whatever is waited for: a slow machine is no fault."""
expect.set_options(timeout=PATIENCE)
LOOK = """() => {
  const faults = [];
  const shown = e => e.checkVisibility({checkVisibilityCSS: true, checkOpacity: true});
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  if (document.documentElement.scrollWidth > innerWidth) faults.push('scrolls sideways');
  if (!document.documentElement.lang) faults.push('no language');
  const controls = 'a, button, input:not([type=hidden]), select, textarea, summary';
  for (const e of document.querySelectorAll(controls)) {
    if (!shown(e)) continue;
    const label = e.labels && e.labels.length ? e.labels[0].textContent : '';
    const name = e.getAttribute('aria-label') || e.textContent.trim() || label || e.value;
    if (!name) faults.push('no name: ' + e.outerHTML.slice(0, 80));
  }
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const found = rgb(getComputedStyle(e).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !shown(e) || e.closest('.vh, .skip, svg, script')) continue;
    const style = getComputedStyle(e);
    if (parseFloat(style.fontSize) < 11) faults.push('too small: ' + node.textContent.trim().slice(0, 40));
    const [a, b] = [light(rgb(style.color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faults.push('low contrast: ' + node.textContent.trim().slice(0, 40));
  }
  for (const e of document.querySelectorAll('[style], style, script:not([src])'))
    faults.push('inline: ' + e.tagName);
  return faults;
}"""


STEADY = 0.05
"""Of the window: what may move while a page is drawn (Layout Instability, summed; good is at most 0.1).
A table's columns do so, where a slow machine draws its first rows before it has the others."""
MOVED = """() => matchMedia('(scripting: none)').matches ? [0, []] : new Promise(done => {
  let moved = 0;
  const what = [];
  const shifts = list => list.filter(one => !one.hadRecentInput).forEach(one => {
    moved += one.value;
    what.push(...one.sources.map(({node}) => node && (node.outerHTML || node.textContent).slice(0, 60)));
  });
  const watch = new PerformanceObserver(list => shifts(list.getEntries()));
  watch.observe({type: 'layout-shift', buffered: true});
  setTimeout(() => { shifts(watch.takeRecords()); done([moved, what]); }, 20);
})"""
"""How much has moved, and what."""


@dataclass
class Looker:
    """One person's browser, at one width."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda message: self._complain(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)

    def _failed(self, request: Request) -> None:
        """Not what the browser itself gave up, since it went on to another page."""
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url}")

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def log_in(self, login: str) -> None:
        """By the button of a demonstration's account."""
        self.page.goto(f"{self.base}/login")
        self.page.get_by_role("button", name=login, exact=True).click()

    def open(self, path: str, status: int = 200) -> list[str]:
        """Go to a page; what is wrong with it."""
        self.complaints.clear()
        answer = self.page.goto(self.base + path)
        assert answer is not None
        faults = [] if answer.status == status else [f"status {answer.status}"]
        moved, what = self.page.evaluate(MOVED)
        if moved > STEADY:
            faults.append(f"moves after it has been drawn: {moved:.3f} {what}")
        return [f"{path}: {fault}" for fault in [*faults, *self.page.evaluate(LOOK), *self._said(status)]]

    def turn(self, path: str, width: int, scheme: Any) -> list[str]:
        """See the open page at another width and in other colours, as those that follow; what is wrong."""
        self.complaints.clear()
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        return [f"{path}, turned: {fault}" for fault in [*self.page.evaluate(LOOK), *self.complaints]]

    def _said(self, status: int) -> list[str]:
        """Complaints; not that of the error that was asked for."""
        return [one for one in self.complaints if f"status of {status}" not in one]

    def links(self) -> set[str]:
        """Pages of this server that the page leads to, without what comes after a question mark;
        those to a picture alone are left out."""
        hrefs: list[str] = self.page.eval_on_selector_all(
            "a[href^='/']:not([download]):not(.picture)", "all => all.map(a => a.getAttribute('href'))"
        )
        return {href.partition("#")[0].partition("?")[0] for href in hrefs}


@contextmanager
def browser(*arguments: str) -> Iterator[Browser]:
    """Chromium, closed at the end."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        assert path, "make test installs chromium"
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *arguments])
        try:
            yield started
        finally:
            started.close()


def looker(started: Browser, base: str, width: int = WIDE, scheme: Any = "light") -> Looker:
    """A browser of a person's own: without cookies."""
    context = started.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    return Looker(context.new_page(), base)
