"""How Sphinx builds the documentation: `make docs`."""

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

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")


def _name_pages_elsewhere(app: Sphinx, page: str, content: list[str]) -> None:
    """Pages and folders outside of this folder are not part of the site: name them instead."""
    folder = (Path(app.srcdir) / page).parent

    def named(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        if target.is_relative_to(app.srcdir) or (target.is_file() and target.suffix != ".md"):
            return link[0]
        return f"{link[1]} (`{target.relative_to(Path(app.srcdir).parent)}`)"

    content[0] = _LINK.sub(named, content[0])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _name_pages_elsewhere)
