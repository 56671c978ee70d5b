"""When samples are measured: groups of data collections, and the workflows of those that are a mesh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from starbeam.api.demo import Row
from starbeam_demo import files, showcase
from starbeam_demo.facility import BeamLine
from starbeam_demo.rows.proposals import midnight
from starbeam_demo.world import World
from starbeam_ispyb import models as m

GROUPS = {"mx": (4, 30), "spectroscopy": (1, 12), "em": (1, 6)}
"""How few and how many groups a session has, by technique."""
BUSY, A_DAY = 25, 55
"""One session in so many at a beamline for crystals is busy, and then this is how many groups a day has."""
MINUTES = {"mx": (2, 10), "spectroscopy": (15, 80), "em": (60, 200)}
"""How long a group takes."""
TYPES = {
    "mx": ("OSC", "OSC", "OSC", "Characterization", "Mesh", "SAD", "MAD", "Helical"),
    "micro-focus": ("Mesh", "Mesh", "Still", "SSX-Jet", "OSC", "Helical"),
    "spectroscopy": ("Mesh",),
    "em": ("EM",),
}
"""Experiment types, the more frequent more often."""

SHIFT_STARTS, SHIFT_ENDS = timedelta(minutes=30), timedelta(hours=13, minutes=30)
"""When a session's day of measuring begins and ends, after the time of day at which the session began."""
LEAD, TRAIL = timedelta(minutes=8), timedelta(minutes=3)
"""What mounting and scans take before a group, and unmounting after it."""


async def fill(world: World) -> None:
    """Groups in the sessions that are past or run now, and which of these have files."""
    world.folders = {row["sessionId"]: _folder(world, row) for row in world.sessions}
    groups = list(_groups(world))
    meshes = [group for group in groups if group["experimentType"] == "Mesh"]
    rows = (_workflow(group, world.folders[group["sessionId"]]) for group in meshes)
    world.workflows = await world.add(m.Workflow, rows)
    for group, workflow in zip(meshes, world.workflows, strict=True):
        group["workflowId"] = workflow["workflowId"]
    world.groups = await world.add(m.DataCollectionGroup, groups)
    world.with_files = files.choose(world)
    world.pictured = files.pictured(world)


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
            line, own = world.line_of(session), samples[session["sessionId"]]
            yield from _of_session(world.random, session, line, own, world.now, known)


def _of_session(
    rng: Random,
    session: Row,
    beamline: BeamLine,
    samples: Sequence[Row],
    now: datetime,
    count: int | None = None,
) -> Iterator[Row]:
    """Rows of `DataCollectionGroup`, one after the other in time, over the days of the session that are
    past: as many as `count` says."""
    wanted = rng.randint(*GROUPS[beamline.technique]) if count is None else count
    if count is None and beamline.technique == "mx" and session["sessionId"] % BUSY == 0:
        wanted = A_DAY * _days(session)
    kinds = TYPES["micro-focus" if beamline.micro_focus else beamline.technique]
    for number, (start, end) in enumerate(_times(rng, session, beamline, wanted, now)):
        sample = samples[number % len(samples)] if samples else None
        yield {
            "sessionId": session["sessionId"],
            "blSampleId": sample["blSampleId"] if sample else None,
            "experimentType": rng.choice(kinds),
            "startTime": start,
            "endTime": end,
            "actualSampleBarcode": sample["code"] if sample else None,
            "actualSampleSlotInContainer": int(sample["location"]) if sample else None,
            "comments": rng.choice((None, None, None, "Diffracts well", "Ice rings", "To be repeated")),
            "crystalClass": None,
            "detectorMode": None,
            "workflowId": None,
        }


def _workflow(group: Row, folder: Path) -> Row:
    """A row of `Workflow`: what measured a mesh."""
    return {
        "workflowTitle": "Mesh and collect",
        "workflowType": "MeshScan",
        "status": "Success",
        "comments": None,
        "resultFilePath": str(folder / f"workflow_{group['startTime']:%H%M%S}" / "result.json"),
        "recordTimeStamp": group["startTime"],
    }


def _times(
    rng: Random, session: Row, beamline: BeamLine, wanted: int, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When the groups of a session start and end: spread evenly over the measuring hours of its days."""
    starts = [session["startDate"] + timedelta(days=day) for day in range(_days(session))]
    over = [start for start in starts if start + SHIFT_ENDS <= min(now, session["endDate"])]
    for index, start in enumerate(over):
        today = (wanted + len(over) - 1 - index) // len(over)
        slot = (SHIFT_ENDS - SHIFT_STARTS) / max(today, 1)
        for number in range(today):
            longest = slot - LEAD - TRAIL
            duration = min(longest, timedelta(minutes=rng.uniform(*MINUTES[beamline.technique])))
            begin = start + SHIFT_STARTS + number * slot + LEAD + (longest - duration) * rng.random()
            yield _whole(begin), _whole(begin + duration)


def _days(session: Row) -> int:
    """On how many days a session measures."""
    return (midnight(session["endDate"]) - midnight(session["startDate"])).days or 1


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)
