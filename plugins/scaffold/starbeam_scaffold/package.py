"""The package of a new plugin: a copy of `skeleton` under another name."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path

from starbeam.api.settings import bundled, discover

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 30
_TAKEN = {"core", "skeleton"}


class NameRefused(ValueError):
    """No plugin may have this name; the text says why."""


def write(name: str, into: Path) -> Path:
    """Write the package and return its folder. Raises `NameRefused`, `FileExistsError`."""
    check(name)
    folder = into / f"starbeam-{name.replace('_', '-')}"
    folder.mkdir(parents=True)
    for path, text in _texts(files(__package__).joinpath("skeleton")):
        target = folder / renamed(path, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(renamed(text, name), encoding="utf-8")
    return folder


def check(name: str) -> None:
    """Raise `NameRefused` for what is no name or is taken."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        raise NameRefused(f"{name!r} cannot be the name of a plugin")
    if name in _TAKEN or name in bundled() or name in sys.stdlib_module_names or _is_installed(name):
        raise NameRefused(f"the name {name} is taken")


def _is_installed(name: str) -> bool:
    """Whether a plugin or a tool of this name is there."""
    return name in discover(())[0] or find_spec(f"starbeam_{name}") is not None


def renamed(text: str, name: str) -> str:
    """A text of the skeleton with this name in place of its own, as a word, a class and a package."""
    camel = "".join(word.title() for word in name.split("_"))
    package = text.replace("starbeam-skeleton", f"starbeam-{name.replace('_', '-')}")
    first = camel[0].lower() + camel[1:]
    return (
        package.replace("skeletonNote", f"{first}Note").replace("Skeleton", camel).replace("skeleton", name)
    )


def _texts(folder: Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    for item in folder.iterdir():
        if item.is_dir():
            if item.name != "__pycache__":
                yield from _texts(item, f"{path}{item.name}/")
        else:
            yield f"{path}{item.name}", item.read_text(encoding="utf-8")
