"""`python docs/versions.py FOLDER`: what leads to the versions of the documentation that are below a folder.

It writes `versions.js`, which every page of every version reads, and `index.html`, which opens the newest
release. `make docs VERSION=…` runs it. Any host of plain files serves the folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path

from packaging.version import InvalidVersion, Version

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={newest}/index.html">
<title>Starbeam</title>
<h1>Starbeam</h1>
<ul>
{links}
</ul>
</html>
"""


def ordered(names: Iterable[str]) -> list[str]:
    """Releases, the newest first, then what has no number."""
    return sorted(names, key=lambda name: (_version(name) or Version("0.dev0"), name), reverse=True)


def newest(names: list[str]) -> str:
    """Of names in this order the one to open: the first that is no candidate, else the first."""
    return next((name for name in names if (one := _version(name)) and not one.is_prerelease), names[0])


def _version(name: str) -> Version | None:
    try:
        return Version(name)
    except InvalidVersion:
        return None


def write(site: Path) -> None:
    """Write both files."""
    names = ordered(page.parent.name for page in site.glob("*/index.html"))
    links = "\n".join(f'<li><a href="{escape(name)}/index.html">{escape(name)}</a>' for name in names)
    (site / "versions.js").write_text(f"const STARBEAM_VERSIONS = {json.dumps(names)};\n", encoding="utf-8")
    (site / "index.html").write_text(PAGE.format(newest=escape(newest(names)), links=links), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
