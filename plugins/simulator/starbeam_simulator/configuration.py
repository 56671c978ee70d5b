"""The configuration of simulations: what a file may say, and the checks before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from starbeam.api.settings import Problem, SettingsError, convert_located
from starbeam_demo.content import Content
from starbeam_demo.content.job import SNAPSHOTS, Grid
from starbeam_simulator import located
from starbeam_simulator.errors import SimulationError

Text = Annotated[str, Meta(min_length=1)]
FORMATS = (".h5", ".hdf5", ".cbf")
"""Endings of the files that frames are written to."""
EXAMPLE = Path(__file__).with_name("examples") / "simulation.yml"
"""A configuration to start from."""


class Component(Struct, frozen=True):
    """A protein, or another material."""

    acronym: Text
    name: str | None = None
    sequence: str | None = None
    density: float | None = None
    molecularMass: float | None = None


class Sample(Struct, frozen=True):
    """A sample of a component."""

    name: Text
    component: Text


class SubSample(Struct, frozen=True):
    """A place on the sample: a point, or with `x2` and `y2` a line or an area."""

    x: float | None = None
    y: float | None = None
    x2: float | None = None
    y2: float | None = None
    type: str | None = None


class Experiment(Struct, frozen=True):
    """A data collection."""

    experimentType: Text
    data: Text
    sample: Text
    imageContainerSubPath: str = "1.1/measurement"
    numberOfImages: Annotated[int, Meta(ge=1)] | None = None
    wavelength: Annotated[float, Meta(gt=0)] | None = None
    exposureTime: Annotated[float, Meta(ge=0)] | None = None
    xtalSnapshotFullPath1: str | None = None
    xtalSnapshotFullPath2: str | None = None
    xtalSnapshotFullPath3: str | None = None
    xtalSnapshotFullPath4: str | None = None
    grid: Grid | None = None
    subsample: SubSample | None = None
    generate: list[Content] = []
    """What is made up; with `frames`, also the file `data`."""

    @property
    def snapshots(self) -> dict[str, str]:
        """The snapshots to copy, by column."""
        return {name: path for name in SNAPSHOTS if (path := getattr(self, name))}


class Simulation(Struct, frozen=True):
    """All of the file."""

    sessions: dict[str, Text]
    data_dir: Text
    experiments: dict[str, Experiment]
    samples: dict[str, Sample]
    components: dict[str, Component]
    raw_data: str = ""
    copy_method: Literal["copy", "link"] = "copy"
    ispyb_url: str = ""

    def raw(self, name: str) -> Path:
        """The file that an experiment names."""
        return Path(self.raw_data) / name

    def folder(self, beamline: str) -> Path:
        """Where a beamline's data are written: absolute, as rows name it."""
        return Path(self.data_dir.replace("{beamline}", beamline)).absolute()


@dataclass(frozen=True)
class Configuration:
    """What a file says, and where it says it."""

    simulation: Simulation
    file: Path
    lines: Mapping[tuple[str, ...], int]
    warnings: list[str]
    """About keys that nobody knows."""

    def place(self, *key: str) -> str:
        """File, line and key, to begin a message with."""
        return f"{_place(self.file, self.lines, key)}: {'.'.join(key)}: "

    def check(self, beamline: str, experiment: str, types: Collection[str]) -> Experiment:
        """The experiment, when all that it names is there. Raises `SimulationError`."""
        known = self.simulation
        _choose("beamline", beamline, known.sessions)
        _choose("experiment", experiment, known.experiments)
        found, at = known.experiments[experiment], partial(self.place, "experiments", experiment)
        _choose("experiment type", found.experimentType, types, at("experimentType"))
        _choose("sample", found.sample, known.samples, at("sample"))
        component = known.samples[found.sample].component
        _choose("component", component, known.components, self.place("samples", found.sample, "component"))
        if "map" in found.generate and found.grid is None:
            raise SimulationError(f"{at('generate')}a map needs a grid")
        if "frames" in found.generate:
            if Path(found.data).suffix.lower() not in FORMATS:
                raise SimulationError(
                    f"{at('data')}frames are written to {', '.join(FORMATS)}, not to {found.data}"
                )
        elif not known.raw(found.data).is_file():
            raise SimulationError(
                f"{at('data')}there is no file {known.raw(found.data)}",
                "`data` is relative to `raw_data`; `generate: [frames]` makes the file up.",
            )
        return found


def load(file: Path) -> Configuration:
    """Read a configuration. Raises `SimulationError` with the first mistake: its file, line and key."""
    values, lines = located.read(file)

    def locate(path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        return _place(file, lines, path), path

    try:
        return Configuration(convert_located(values, Simulation, locate), file, lines, [])
    except SettingsError as error:
        unknown = [problem for problem in error.problems if problem.message == "unknown key"]
        wrong = [problem for problem in error.problems if problem not in unknown]
        if wrong:
            raise SimulationError(_said(wrong[0], file, lines), _others(wrong)) from error
        return Configuration(msgspec.convert(values, Simulation), file, lines, list(map(str, unknown)))


def _place(file: Path, lines: Mapping[tuple[str, ...], int], path: tuple[str, ...]) -> str:
    """File and line of a key, or of the nearest table around it."""
    for length in range(len(path), 0, -1):
        if line := lines.get(path[:length]):
            return f"{file}, line {line}"
    return str(file)


def _said(problem: Problem, file: Path, lines: Mapping[tuple[str, ...], int]) -> str:
    """The problem in one line, also where a key is missing: the line is then that of its table."""
    if problem.file_or_origin:
        return str(problem)
    around = max(
        (path for path in lines if problem.key.startswith(".".join(path) + ".")), key=len, default=()
    )
    return f"{_place(file, lines, around)}: {problem}"


def _others(wrong: Sequence[Problem]) -> str:
    if len(wrong) == 1:
        return ""
    return "Also wrong: " + "; ".join(problem.key for problem in wrong[1:])


def _choose(what: str, name: str, known: Collection[str], where: str = "") -> None:
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        choices = ", ".join(known) or "none"
        raise SimulationError(f"{where}no {what} is called {name}", f"{hint}There are: {choices}")
