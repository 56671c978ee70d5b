"""The facility: its beamlines, how they are set up, and the options that describe them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from starbeam.api.demo import Row

Technique = Literal["mx", "spectroscopy", "em"]


@dataclass(frozen=True)
class BeamLine:
    """A beamline of the demo's facility."""

    name: str
    technique: Technique
    wavelength: float
    """The usual one in Å; an electron's at 300 kV for a microscope."""
    beam_size: float
    """At the sample, in µm."""
    detector: tuple[int, int]
    """Pixels of the detector."""
    sample_changer: tuple[str, int] | None = None
    """Type and capacity (in containers)."""
    micro_focus: bool = False
    archived: bool = False


BEAMLINES = (
    BeamLine("ID14-1", "mx", 0.9763, 50, (2463, 2527), ("FlexHCD", 24)),
    BeamLine("ID14-2", "mx", 0.8731, 30, (4148, 4362), ("FlexHCD", 24)),
    BeamLine("BM08", "mx", 0.9795, 100, (2463, 2527), ("RoboDiff", 8), archived=True),
    BeamLine("ID27-1", "mx", 0.8856, 5, (3110, 3269), ("FlexHCD", 16), micro_focus=True),
    BeamLine("ID27-2", "mx", 1.0721, 1, (3110, 3269), micro_focus=True),
    BeamLine("ID06", "spectroscopy", 1.2398, 0.5, (2068, 512)),
    BeamLine("BM16", "spectroscopy", 1.7712, 200, (1030, 514)),
    BeamLine("CM01", "em", 0.0197, 1.2, (5760, 4092), ("Autoloader", 12)),
    BeamLine("CM02", "em", 0.0197, 0.9, (4096, 4096), ("Autoloader", 12)),
)

PERMISSIONS = {"mx": "mx_admin", "spectroscopy": "mapping_admin", "em": "em_admin"}
"""The permission to see everything of a technique's beamlines."""

_GROUPS = {"mx": ("MX", "mx"), "spectroscopy": ("Spectroscopy", "mapping"), "em": ("CryoEM", "em")}
"""Name and display type of each technique's beamline group."""

HALF_YEAR = timedelta(days=182)
HISTORY = timedelta(days=900)
"""How far back sessions reach."""


def options(beamlines: Iterable[BeamLine]) -> Iterator[Row]:
    """Rows of `AdminVar`: the beamline groups and a message of the day."""
    groups = [
        {
            "groupName": name,
            "uiGroup": ui_group,
            "permission": PERMISSIONS[technique],
            "beamLines": [_option(line) for line in beamlines if line.technique == technique],
        }
        for technique, (name, ui_group) in _GROUPS.items()
    ]
    yield {"name": "beamLineGroups", "value": json.dumps(groups, separators=(",", ":"))}
    yield {"name": "motd", "value": json.dumps("Demonstration: nothing here is real.")}


def _option(beamline: BeamLine) -> dict[str, Any]:
    """A beamline in the option `beamLineGroups`, as short as it can be: `AdminVar` holds 1024 characters."""
    option: dict[str, Any] = {"beamLineName": beamline.name}
    if beamline.archived:
        option["archived"] = True
    if beamline.sample_changer:
        option["sampleChangerType"], option["sampleChangerCapacity"] = beamline.sample_changer
    return option


def setups(rng: Random, beamline: BeamLine, since: datetime, until: datetime) -> Iterator[Row]:
    """Rows of `BeamLineSetup`: how a beamline was set up, renewed every half year."""
    date = since
    while date < until:
        yield _microscope(rng, beamline, date) if beamline.technique == "em" else _line(rng, beamline, date)
        date += HALF_YEAR


def _line(rng: Random, beamline: BeamLine, date: datetime) -> Row:
    insertion = beamline.name.startswith("ID")
    return _setup(beamline, date) | {
        "synchrotronName": "Starbeam",
        "synchrotronMode": rng.choice(("7/8 multibunch", "Uniform", "16 bunch", "Hybrid")),
        "undulatorType1": "U18" if insertion else "bending magnet",
        "undulatorType2": "U27" if insertion else None,
        "undulatorType3": "U35" if insertion else None,
        "focusingOptic": "Compound refractive lenses" if beamline.micro_focus else "Toroidal mirror",
        "monochromatorType": "Si(111) channel cut",
        "beamDivergenceHorizontal": round(rng.uniform(0.1, 2.0), 2),
        "beamDivergenceVertical": round(rng.uniform(0.05, 0.4), 2),
        "polarisation": 0.99,
        "goniostatMaxOscillationSpeed": 360.0 if insertion else 90.0,
        "goniostatMinOscillationWidth": 0.05,
        "energyMin": 6.0,
        "energyMax": 20.0,
    }


def _microscope(rng: Random, beamline: BeamLine, date: datetime) -> Row:
    return _setup(beamline, date) | {
        "focusingOptic": "Three condenser lenses",
        "CS": rng.choice((2.7, 0.01)),
    }


def _setup(beamline: BeamLine, date: datetime) -> Row:
    """What all setups have; the rest is empty."""
    empty = dict.fromkeys(
        (
            *("synchrotronName", "synchrotronMode", "undulatorType1", "undulatorType2", "undulatorType3"),
            *("focusingOptic", "monochromatorType", "beamDivergenceHorizontal", "beamDivergenceVertical"),
            *("polarisation", "goniostatMaxOscillationSpeed", "goniostatMinOscillationWidth", "CS"),
            *("energyMin", "energyMax"),
        )
    )
    return empty | {
        "beamlineName": beamline.name,
        "setupDate": date,
        "recordTimeStamp": date,
        "focalSpotSizeAtSample": beamline.beam_size,
        "maxExpTimePerDataCollection": 7200.0,
        "minExposureTimePerImage": 0.002,
        "minTransmission": 0.01,
        "maxTransmission": 100.0,
        "active": 1,
    }
