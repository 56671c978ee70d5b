"""What is measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from starbeam.demo import DemoWorld, Row
from starbeam_ispyb import models as m
from starbeam_ispyb.demo import collections as measuring
from starbeam_ispyb.demo import showcase
from starbeam_ispyb.demo.fill.made import beamline_of, is_showcase

SCANNED = 0.4
"""How many of the groups that need an edge have an energy scan."""


async def collections(world: DemoWorld) -> None:
    """What was measured in the sessions that are past or run now, and what else happened."""
    made = world.made
    made["folders"] = {row["sessionId"]: _folder(world, row) for row in made["sessions"]}
    made["groups"] = await world.add(m.DataCollectionGroup, await _with_workflows(world))
    made["collections"] = await world.add(m.DataCollection, _collections(world))
    await world.add(m.RobotAction, _robot_actions(world))
    await world.add(m.EnergyScan, _energy_scans(world))
    await world.add(m.XFEFluorescenceSpectrum, _spectra(world))


def _folder(world: DemoWorld, session: Row) -> Path:
    """Where the files of a session are: by proposal, beamline and day."""
    proposal = world.made["proposals"][session["proposalId"] - 1]
    name = proposal["proposalCode"] + proposal["proposalNumber"]
    folder: Path = world.files / name / session["beamLineName"] / f"{session['startDate']:%Y%m%d}"
    return folder


def _groups(world: DemoWorld) -> Iterator[Row]:
    sessions = {row["containerId"]: row["sessionId"] for row in world.made["containers"]}
    samples = defaultdict(list)
    for row in world.made["samples"]:
        samples[sessions[row["containerId"]]].append(row)
    for session in world.made["sessions"]:
        if session["startDate"] < world.now:
            known = showcase.visit(session).groups if is_showcase(world, session) else None
            line, own = beamline_of(world, session), samples[session["sessionId"]]
            yield from measuring.groups(world.random, session, line, own, world.now, known)


async def _with_workflows(world: DemoWorld) -> list[Row]:
    """The groups, those that are a mesh with the workflow that measured it."""
    groups, folders = list(_groups(world)), world.made["folders"]
    meshes = [group for group in groups if group["experimentType"] == "Mesh"]
    rows = (measuring.workflow(group, folders[group["sessionId"]]) for group in meshes)
    world.made["workflows"] = await world.add(m.Workflow, rows)
    for group in groups:
        group["workflowId"] = None
    for group, workflow in zip(meshes, world.made["workflows"], strict=True):
        group["workflowId"] = workflow["workflowId"]
    return groups


def _collections(world: DemoWorld) -> Iterator[Row]:
    places: Counter[int] = Counter()
    for group, session in _with_sessions(world):
        places[session["sessionId"]] += 1
        number = world.random.choice((1, 1, 1, 2))
        if is_showcase(world, session):
            number = 1 + (places[session["sessionId"]] <= showcase.visit(session).twice)
        folder = world.made["folders"][session["sessionId"]]
        yield from measuring.collections(world.random, group, beamline_of(world, session), folder, number)


def _robot_actions(world: DemoWorld) -> Iterator[Row]:
    for group, session in _with_sessions(world):
        if beamline_of(world, session).sample_changer:
            yield from measuring.robot_actions(world.random, group)


def _energy_scans(world: DemoWorld) -> Iterator[Row]:
    for group, session in _with_sessions(world):
        if group["experimentType"] in ("MAD", "SAD") and world.random.random() < SCANNED:
            folder = world.made["folders"][session["sessionId"]]
            yield measuring.energy_scan(world.random, group, beamline_of(world, session), folder)


def _spectra(world: DemoWorld) -> Iterator[Row]:
    often = {"mx": 0.04, "spectroscopy": 0.5, "em": 0.0}
    for group, session in _with_sessions(world):
        line = beamline_of(world, session)
        if world.random.random() < often[line.technique]:
            yield measuring.spectrum(world.random, group, line, world.made["folders"][session["sessionId"]])


def _with_sessions(world: DemoWorld) -> Iterator[tuple[Row, Row]]:
    """Each data collection group with its session."""
    sessions = {row["sessionId"]: row for row in world.made["sessions"]}
    for group in world.made["groups"]:
        yield group, sessions[group["sessionId"]]
