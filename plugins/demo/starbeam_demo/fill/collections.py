"""What is measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from starbeam.demo import Row
from starbeam_demo import collections as measuring
from starbeam_demo import showcase
from starbeam_demo.world import World
from starbeam_ispyb import models as m

SCANNED = 0.4
"""How many of the groups that need an edge have an energy scan."""


async def collections(world: World) -> None:
    """What was measured in the sessions that are past or run now, and what else happened."""
    world.folders = {row["sessionId"]: _folder(world, row) for row in world.sessions}
    world.groups = await world.add(m.DataCollectionGroup, await _with_workflows(world))
    world.collections = await world.add(m.DataCollection, _collections(world))
    await world.add(m.RobotAction, _robot_actions(world))
    await world.add(m.EnergyScan, _energy_scans(world))
    await world.add(m.XFEFluorescenceSpectrum, _spectra(world))


def _folder(world: World, session: Row) -> Path:
    """Where the files of a session are: by proposal, beamline and day."""
    proposal = world.proposals[session["proposalId"] - 1]
    name = proposal["proposalCode"] + proposal["proposalNumber"]
    folder: Path = world.files / name / session["beamLineName"] / f"{session['startDate']:%Y%m%d}"
    return folder


def _groups(world: World) -> Iterator[Row]:
    sessions = {row["containerId"]: row["sessionId"] for row in world.containers}
    samples = defaultdict(list)
    for row in world.samples:
        samples[sessions[row["containerId"]]].append(row)
    for session in world.sessions:
        if session["startDate"] < world.now:
            known = showcase.visit(session).groups if world.is_showcase(session) else None
            line, own = world.beamline_of(session), samples[session["sessionId"]]
            yield from measuring.groups(world.random, session, line, own, world.now, known)


async def _with_workflows(world: World) -> list[Row]:
    """The groups, those that are a mesh with the workflow that measured it."""
    groups, folders = list(_groups(world)), world.folders
    meshes = [group for group in groups if group["experimentType"] == "Mesh"]
    rows = (measuring.workflow(group, folders[group["sessionId"]]) for group in meshes)
    world.workflows = await world.add(m.Workflow, rows)
    for group in groups:
        group["workflowId"] = None
    for group, workflow in zip(meshes, world.workflows, strict=True):
        group["workflowId"] = workflow["workflowId"]
    return groups


def _collections(world: World) -> Iterator[Row]:
    places: Counter[int] = Counter()
    for group, session in _with_sessions(world):
        places[session["sessionId"]] += 1
        number = world.random.choice((1, 1, 1, 2))
        if world.is_showcase(session):
            number = 1 + (places[session["sessionId"]] <= showcase.visit(session).twice)
        folder = world.folders[session["sessionId"]]
        yield from measuring.collections(world.random, group, world.beamline_of(session), folder, number)


def _robot_actions(world: World) -> Iterator[Row]:
    for group, session in _with_sessions(world):
        if world.beamline_of(session).sample_changer:
            yield from measuring.robot_actions(world.random, group)


def _energy_scans(world: World) -> Iterator[Row]:
    for group, session in _with_sessions(world):
        if group["experimentType"] in ("MAD", "SAD") and world.random.random() < SCANNED:
            folder = world.folders[session["sessionId"]]
            yield measuring.energy_scan(world.random, group, world.beamline_of(session), folder)


def _spectra(world: World) -> Iterator[Row]:
    often = {"mx": 0.04, "spectroscopy": 0.5, "em": 0.0}
    for group, session in _with_sessions(world):
        line = world.beamline_of(session)
        if world.random.random() < often[line.technique]:
            yield measuring.spectrum(world.random, group, line, world.folders[session["sessionId"]])


def _with_sessions(world: World) -> Iterator[tuple[Row, Row]]:
    """Each data collection group with its session."""
    sessions = {row["sessionId"]: row for row in world.sessions}
    for group in world.groups:
        yield group, sessions[group["sessionId"]]
