"""How Sphinx builds the documentation: `make docs`."""

import os
import re
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

project = "Starbeam"
author = "The Starbeam developers"
project_copyright = author
version = release = version_of("starbeam-core")

extensions = ["myst_parser", "sphinx_copybutton"]
copybutton_prompt_text = "$ "
root_doc = "index"
exclude_patterns = ["README.md"]
source_suffix = {".md": "markdown"}

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = f"Starbeam {version}"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["versions.js"] if tags.has("versions") else []  # noqa: F821  # Sphinx's own name

INCLUDED = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
"""Files of the workspace that are pages of the site."""

_LINK = re.compile(r"\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def _lead(text: str, folder: Path, page: Path, docs: Path) -> str:
    """Links of a text from this folder, as they are on a page of the site: what lies elsewhere is named."""

    def led(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        if not target.exists() and not target.is_relative_to(docs):
            return link[0]
        if target.is_relative_to(docs) or (target.is_file() and target.suffix != ".md"):
            return f"[{link[1]}]({os.path.relpath(target, page)}{link[3] or ''})"
        if (inside := INCLUDED.get(target.relative_to(docs.parent).as_posix())) is not None:
            return f"[{link[1]}]({os.path.relpath(docs / inside, page)}{link[3] or ''})"
        return f"{link[1]} (`{target.relative_to(docs.parent)}`)"

    return _LINK.sub(led, text)


def _of_page(app: Sphinx, page: str, content: list[str]) -> None:
    if page == "adr/README":  # below which they stand, not each beside all other pages
        content[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"
    docs = Path(app.srcdir)
    folder = (docs / page).parent
    content[0] = _lead(content[0], folder, folder, docs)


def _of_included(app: Sphinx, file: Path, page: str, content: list[str]) -> None:
    """A file of the workspace's folder, on a page of the site's folder."""
    docs = Path(app.srcdir)
    content[0] = _lead(content[0], (docs / file).resolve().parent, docs, docs)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _of_page)
    app.connect("include-read", _of_included)
