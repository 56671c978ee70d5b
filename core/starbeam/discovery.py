"""Which plugins there are: entry points of installed packages, and manifests and a folder that the
configuration names."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.metadata import EntryPoint, EntryPoints, PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

import msgspec

from starbeam import plugins_dir
from starbeam.faults import Fault
from starbeam.plugin import GROUP


class Found(msgspec.Struct, frozen=True):
    """A plugin that could be enabled."""

    name: str
    entry_point: EntryPoint
    origin: str = ""
    """The path of the manifest that names it, or of the file that it is."""
    file: Path | None = None
    """The file of `plugins.dir` that it is: enabled by being there."""

    @property
    def distribution(self) -> str:
        """Name and version of the package that brings it, or its path."""
        if self.entry_point.dist is None:
            return self.origin or "unknown"
        told = self.entry_point.dist.metadata
        return f"{told['Name']} {told['Version']}"

    @property
    def module(self) -> str:
        """The import package (or module) that its code is in."""
        return self.entry_point.value.partition(":")[0].strip().partition(".")[0]

    def load(self) -> Any:
        """Import its class. Raises whatever its code raises; ValueError where it names none."""
        if self.file is not None:
            return plugins_dir.class_in(self.file)
        if not self.entry_point.pattern.fullmatch(self.entry_point.value):
            raise ValueError(f"{self.entry_point.value!r} is no module:Class")
        return self.entry_point.load()

    def unmet(self) -> Iterator[str]:
        """What its package requires, of core or of others, and what is not installed in such a version."""
        from packaging.requirements import InvalidRequirement, Requirement  # only now: tools are found here

        dist = self.entry_point.dist
        for text in (dist and dist.requires) or ():
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                yield f"requires {text}, which nobody can read"
                continue
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            try:
                installed = _version(requirement.name, tuple(sys.path))
            except PackageNotFoundError:
                yield f"requires {requirement}, which is not installed"
                continue
            if not requirement.specifier.contains(installed, prereleases=True):
                yield f"requires {requirement}, and {installed} is installed"


def entry_points_of(group: str) -> EntryPoints:
    """What installed packages name for a group."""
    found: EntryPoints = _entry_points(tuple(sys.path)).select(group=group)
    return found


@cache
def _entry_points(path: tuple[str, ...]) -> Any:
    """Those of all groups: the metadata of everything that lies on `path` is read once."""
    return entry_points()


@cache
def _version(name: str, path: tuple[str, ...]) -> str:
    return version(name)


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plugins: dict[str, str]


def bundled() -> Mapping[str, str]:
    """Names and classes of the plugins that Starbeam ships, installed or not."""
    return _manifest(resources.files("starbeam").joinpath("entrypoints.toml").read_text(encoding="utf-8"))


def package_of(name: str) -> str:
    """The distribution that brings a bundled plugin."""
    return "starbeam-" + name.replace("_", "-")


def discover(files: Iterable[str], folder: str = "") -> tuple[dict[str, Found], list[Fault]]:
    """All plugins by name, with those of these manifests and of this folder, and what is wrong with them as a
    whole."""
    found: dict[str, Found] = {}
    faults: list[Fault] = []
    for one in [*_installed(), *_from_files(files, faults), *_from_folder(folder, faults)]:
        if one.name in found and found[one.name].entry_point.value != one.entry_point.value:
            cause = f"{found[one.name].distribution} has a plugin of this name too"
            remedy = "uninstall one of the two, or rename the plugin"
            faults.append(Fault(one.name, one.distribution, "discover", cause, remedy))
        found.setdefault(one.name, one)
    return found, faults


def _installed() -> Iterable[Found]:
    return [Found(point.name, point) for point in entry_points_of(GROUP)]


def _from_files(files: Iterable[str], faults: list[Fault]) -> Iterable[Found]:
    for name in files:
        path = Path(name)
        try:
            plugins = _manifest(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            remedy = "correct the path or the file, or leave it out"
            faults.append(Fault("", name, "discover", f"plugins.files: {path.resolve()}: {reason}", remedy))
            continue
        if str(path.parent.resolve()) not in sys.path:
            sys.path.append(str(path.parent.resolve()))
        for plugin, value in plugins.items():
            yield Found(plugin, EntryPoint(plugin, value, GROUP), name)


def _from_folder(folder: str, faults: list[Fault]) -> Iterable[Found]:
    try:
        files = plugins_dir.files_in(Path(folder)) if folder else []
    except OSError as error:
        cause = f"plugins.dir: {Path(error.filename or folder).resolve()}: {error.strerror}"
        remedy = "correct the path or who may write there, or leave it out"
        faults.append(Fault("", folder, "discover", cause, remedy))
        return
    for file in files:
        yield Found(file.stem, EntryPoint(file.stem, plugins_dir.module_of(file), GROUP), str(file), file)


def _manifest(text: str) -> Mapping[str, str]:
    return msgspec.convert(tomllib.loads(text), _Manifest).plugins
