"""Pages as they come out of a printer, read back."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.browser import browser

STYLE = Path("plugins/web/starbeam_web/static/starbeam.css")


def pages_of(html: str, folder: Path) -> list[str]:
    """What the pages of a page say when chromium prints it, into `page.pdf` of this folder."""
    pdf = folder / "page.pdf"
    with browser() as chromium:
        page = chromium.new_page()
        page.set_content(html)
        page.add_style_tag(content=STYLE.read_text(encoding="utf-8"))
        page.pdf(path=pdf, format="A4", print_background=True)
    return said_by(pdf)


def said_by(pdf: Path) -> list[str]:
    """What each page of a PDF says."""
    said = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True)
    return [" ".join(one.split()) for one in said.stdout.split("\f") if one.strip()]


def bar_codes(folder: Path) -> list[list[str]]:
    """The bar codes on each page of what was printed there."""
    subprocess.run(["pdftoppm", "-r", "150", "-png", folder / "page.pdf", folder / "page"], check=True)
    return [read(one) for one in sorted(folder.glob("page-*.png"))]


def read(picture: Path) -> list[str]:
    """The bar codes in a picture."""
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Scode128.enable", str(picture)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
