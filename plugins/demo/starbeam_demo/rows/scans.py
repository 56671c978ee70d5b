"""What else happens around a group: robots, energy scans, fluorescence spectra."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from starbeam.api.demo import Row
from starbeam_demo.content import scanned
from starbeam_demo.files import CRYSTALS
from starbeam_demo.kit import pictures, spectra
from starbeam_demo.kit.drawing import save
from starbeam_demo.kit.randomness import seeded
from starbeam_demo.rows.groups import LEAD
from starbeam_demo.world import World
from starbeam_ispyb import models as m

SCANNED = 0.4
"""How many of the groups that need an edge have an energy scan."""
ELEMENTS = ("Se", "Zn", "Br", "Fe")
"""Whose K edges are scanned."""
SEEN = {"mx": 0.04, "spectroscopy": 0.5, "em": 0.0}
"""How many of the groups have a fluorescence spectrum, by technique."""


async def fill(world: World) -> None:
    """Robot actions, scans and spectra of all groups, with the files of those sessions that have some."""
    rng, groups = world.random, world.groups
    mounted = [group for group in groups if world.line_of(group).sample_changer]
    await world.add(m.RobotAction, (row for group in mounted for row in _robot_actions(world, group)))
    edges = [one for one in groups if one["experimentType"] in ("MAD", "SAD") and rng.random() < SCANNED]
    await world.add(m.EnergyScan, (_energy_scan(world, group) for group in edges))
    seen = [one for one in groups if rng.random() < SEEN[world.line_of(one).technique]]
    await world.add(m.XFEFluorescenceSpectrum, (_spectrum(world, group) for group in seen))


def _folder(world: World, group: Row) -> Path:
    """Where the files of a group are."""
    folder = world.folders[group["sessionId"]] / f"{group['dataCollectionGroupId']:06d}"
    if _has_files(world, group):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _has_files(world: World, group: Row) -> bool:
    """Whether what happened around a group can be looked at."""
    return group["sessionId"] in world.with_files | world.pictured


def _energy_scan(world: World, group: Row) -> Row:
    """A row of `EnergyScan`: over an edge of the sample, just before a group."""
    rng, line = world.random, world.line_of(group)
    element, start = rng.choice(ELEMENTS), group["startTime"] - timedelta(minutes=4)
    scan = spectra.edge_scan(seeded("demo edge", group["dataCollectionGroupId"]), element)
    stem = _folder(world, group) / f"{element}_K"
    if _has_files(world, group):
        spectra.write_scan(scan, stem)
    return scanned.scan_row(scan, stem, line.beam_size) | {
        "sessionId": group["sessionId"],
        "blSampleId": group["blSampleId"],
        "startTime": start,
        "endTime": start + timedelta(seconds=rng.randint(40, 110)),
        "comments": rng.choice((None, "Clear white line")),
    }


def _spectrum(world: World, group: Row) -> Row:
    """A row of `XFEFluorescenceSpectrum`: of the sample, just before a group."""
    rng, line = world.random, world.line_of(group)
    start, stem = group["startTime"] - timedelta(minutes=6), _folder(world, group) / "xrf"
    chance = seeded("demo spectrum", group["dataCollectionGroupId"])
    found = spectra.fluorescence(chance, round(scanned.HC / line.wavelength, 4))
    if _has_files(world, group):
        spectra.write_fluorescence(found, stem)
    return scanned.spectrum_row(found, stem, line.wavelength, line.beam_size) | {
        "sessionId": group["sessionId"],
        "blSampleId": group["blSampleId"],
        "startTime": start,
        "endTime": start + timedelta(seconds=rng.randint(15, 60)),
    }


def _robot_actions(world: World, group: Row) -> Iterator[Row]:
    """Rows of `RobotAction`: a sample is mounted before a group and unmounted after it."""
    rng, mounting = world.random, group["startTime"] - LEAD
    unmounting = group["endTime"] + timedelta(minutes=1)
    for kind, start in (("LOAD", mounting), ("UNLOAD", unmounting)):
        status = rng.choices(("SUCCESS", "WARNING", "ERROR"), (95, 3, 2))[0]
        yield {
            "blsessionId": group["sessionId"],
            "blsampleId": group["blSampleId"],
            "actionType": kind,
            "startTimestamp": start,
            "endTimestamp": start + timedelta(seconds=rng.randint(25, 90)),
            "status": status,
            "message": {"WARNING": "Slow cool-down", "ERROR": "No pin detected on the goniometer"}.get(
                status
            ),
            "containerLocation": rng.randint(1, 16),
            "dewarLocation": rng.randint(1, 8),
            "sampleBarcode": group["actualSampleBarcode"],
            **_snapshots(world, group, kind),
        }


def _snapshots(world: World, group: Row, kind: str) -> Row:
    """What the camera saw before and after a robot's action, where it can be looked at."""
    named = {}
    for turn, when in enumerate(("Before", "After")):
        file = _folder(world, group) / f"robot_{kind}_{when}.jpeg".lower()
        named[f"xtalSnapshot{when}"] = str(file)
        if _has_files(world, group):
            which = group["dataCollectionGroupId"] % CRYSTALS
            world.alike.write(("robot", which, turn), file, partial(_draw, which, turn * 90.0))
    return named


def _draw(which: int, angle: float, file: Path) -> None:
    save(pictures.crystal(seeded("demo robot", which), angle), file)
