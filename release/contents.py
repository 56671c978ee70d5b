"""What each package must hold."""

from __future__ import annotations

import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

from support import workspace

LICENCES = ("LICENSE", "NOTICE")


def folders() -> dict[str, Path]:
    """The folders of the distributions with code, by name of the distribution."""
    every = workspace.ROOT / "core", *workspace.plugin_folders().values()
    return {workspace.pyproject(folder)["project"]["name"]: folder for folder in every}


def of_package(folder: Path) -> set[str]:
    """The files of a distribution's import package, as they stand in a wheel."""
    package = next(file.parent for file in folder.glob("starbeam*/__init__.py"))
    found = (file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return {str(file.relative_to(folder)) for file in found}


def lacks(wheel: Path, folder: Path) -> set[str]:
    """What a wheel lacks of a folder's distribution: files of its package, licences of all that is in it."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    expected = of_package(folder)
    info = next(name.partition("/")[0] for name in held if ".dist-info/" in name)
    vendored = {name for name in expected if any(word in Path(name).name for word in LICENCES)}
    typed = f"{next(iter(expected)).partition('/')[0]}/py.typed"
    return {*expected, typed, *(f"{info}/licenses/{name}" for name in ("LICENSE", *vendored))} - held


def metadata(wheel: Path) -> tuple[str, str]:
    """Name and version that a wheel says."""
    with zipfile.ZipFile(wheel) as archive:
        file = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        said = Parser().parsestr(archive.read(file).decode())
    return said["Name"], said["Version"]


def unpacked(sdist: Path) -> set[str]:
    """The files of a source distribution, below its folder."""
    with tarfile.open(sdist) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def faults(folder: Path, version: str) -> list[str]:
    """What is wrong with the packages of all distributions in a folder."""
    found = []
    wheels = {metadata(wheel)[0]: wheel for wheel in folder.glob("*.whl")}
    sources = {file.name.rpartition("-")[0].replace("_", "-"): file for file in folder.glob("*.tar.gz")}
    names = {"starbeam", *folders()}
    if not wheels.keys() == sources.keys() == names:
        found.append(f"packages are of {sorted(wheels)} and {sorted(sources)}, not of {sorted(names)}")
    found += [f"{name} is not {version}" for name, wheel in wheels.items() if metadata(wheel)[1] != version]
    for name, where in folders().items():
        found += [f"{name} lacks {file}" for file in sorted(lacks(wheels[name], where))]
        found += [
            f"the source of {name} lacks {file}"
            for file in sorted({*of_package(where), "LICENSE", "README.md"} - unpacked(sources[name]))
        ]
    return found
