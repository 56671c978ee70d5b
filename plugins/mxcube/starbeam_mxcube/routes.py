"""What MXCuBE asks that no other plugin answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Response, Router, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from starbeam.api import Missing, Unavailable, authenticated
from starbeam.api.database import Patch, Reader, Write
from starbeam.api.http import Alias, always
from starbeam.api.lists import path_id
from starbeam_acquisition.changes import sessions, setups
from starbeam_mxcube import schemas
from starbeam_mxcube.bodies import DETECTOR, asked_for
from starbeam_mxcube.queries import DETECTORS
from starbeam_mxcube.recording import Recording
from starbeam_proposals.queries.sessions import SESSIONS

T = TypeVar("T")
Id = Annotated[int, path_id()]
RECORD = authenticated.opened("record")
"""Who records sees the session, and is a member while it runs, staff of its beamline, or a machine."""
SECONDS = 3.2
"""For how long something may be tried to be stored: MXCuBE waits for 5."""
BUSY = "It could not be stored in time: others were changing the same. Please try again."
ERRORS = {
    403: "The caller may not record in this session",
    404: "What it belongs to was not found",
    503: "It could not be stored in time",
}

RECORDING: dict[str, Any] = {"access": RECORD, "errors": ERRORS, "lenient": True}
"""What all operations that store something have."""


async def in_time(work: Awaitable[T]) -> T:
    """What this comes to. Raises `Unavailable` where it takes longer than MXCuBE waits."""
    try:
        async with asyncio.timeout(SECONDS):
            return await work
    except TimeoutError:
        raise Unavailable(BUSY) from None


def or_there(answer: type[Any]) -> dict[int, ResponseSpec]:
    """What the document says beside 201."""
    return {200: ResponseSpec(answer, description="It was there already", generate_examples=False)}


async def stored(work: Awaitable[tuple[T, bool]]) -> Response[T]:
    """The answer: 201 for what was made, 200 for what was there."""
    answer, made = await in_time(work)
    # Litestar would send a text as it is, without the quotes that make it JSON.
    content: Any = msgspec.json.encode(answer)
    return Response(content, status_code=201 if made else 200, media_type="application/json")


@post("/sessions", tags=["Sessions"], responses=or_there(schemas.MxcubeSession), **RECORDING)
async def create_session(
    data: JSONBody[schemas.NewSession],
    write: NamedDependency[Write],
    reader: NamedDependency[Reader],
    recording: NamedDependency[Recording],
) -> Response[schemas.MxcubeSession]:
    """Find or make a session

    A session of the proposal on the beamline that runs now, or begins on the same day, is answered with 200
    as it is; a new one with 201.
    """
    key, made = await in_time(write.alone(sessions.LOCK, recording.session, data))
    found: Any = await reader.get(SESSIONS, key)
    return Response(found, status_code=201 if made else 200)


@patch("/sessions/{sessionId:str}/associate-beamline-setup", tags=["Sessions"], **RECORDING)
async def associate_beamline_setup(
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
    sessionId: Id,
    beamLineSetupId: Annotated[int, QueryParameter(description="Key of the set-up")],
) -> schemas.SetupOfSession:
    """Say how the beamline is set up for a session"""
    return await in_time(write(recording.associate_setup, sessionId, beamLineSetupId))


@post("/beamline-setups/beamline-setup", tags=["Beamlines"], responses=or_there(str), **RECORDING)
async def store_beamline_setup(
    data: JSONBody[Patch[schemas.SentSetup]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[str]:
    """Store how a beamline is set up

    The answer is the key, as text: of a new set-up with 201, of one with the same values with 200.
    """
    return await stored(write.alone(setups.LOCK, recording.setup, data.sent))


Asked = Annotated[str | None, QueryParameter(description="In any case; empty or `None` for any")]


@get("/detectors", tags=["Beamlines"], access=authenticated, errors={404: DETECTORS.missing})
async def find_detector(
    reader: NamedDependency[Reader],
    manufacturer: Asked = None,
    model: Asked = None,
    mode: Asked = None,
    type: Asked = None,
) -> schemas.Detector:
    """Find one detector

    One that is not known by its type is looked for without it.
    """
    sent = {"manufacturer": manufacturer, "model": model, "mode": mode, "type": type}
    wanted = {DETECTOR[name]: text for name, value in sent.items() if (text := asked_for(value))}
    if (key := await setups.detector_id(reader, **wanted)) is None:
        raise Missing(DETECTORS.missing)
    return await reader.get(DETECTORS, key)


@post(
    "/datacollections/group", tags=["Data Collections"], responses=or_there(schemas.StoredGroup), **RECORDING
)
async def store_group(
    data: JSONBody[Patch[schemas.SentGroup]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[schemas.StoredGroup]:
    """Store a group of data collections

    With `group_id` or `collection_id` that group is changed (200), else one is made (201).
    """
    return await stored(write(recording.group, data.sent))


@post(
    "/datacollections/datacollection",
    tags=["Data Collections"],
    responses=or_there(schemas.StoredCollection),
    **RECORDING,
)
async def store_datacollection(
    data: JSONBody[Patch[schemas.SentCollection]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[schemas.StoredCollection]:
    """Store a data collection

    With `collection_id` it is changed (200), else made (201), with a group where no `group_id` is sent. What
    cannot be stored as it came is named in `warnings`.
    """
    return await stored(write(recording.collection, data.sent))


@post("/images/image", tags=["Data Collections"], responses=or_there(schemas.StoredImage), **RECORDING)
async def store_image(
    data: JSONBody[Patch[schemas.SentImage]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[schemas.StoredImage]:
    """Store an image of a data collection

    One with the same number and name is changed (200), else it is made (201).
    """
    return await stored(write(recording.image, data.sent))


@post("/events/robot-action", tags=["Events"], responses=or_there(str), **RECORDING)
async def store_robot_action(
    data: JSONBody[Patch[schemas.SentRobotAction]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[str]:
    """Store an action of the sample changer

    The answer is the key, as text.
    """
    return await stored(write(recording.robot_action, data.sent))


@post("/events/energyscan", tags=["Events"], responses=or_there(str), **RECORDING)
async def store_energy_scan(
    data: JSONBody[Patch[schemas.SentEnergyScan]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[str]:
    """Store an energy scan

    The answer is the key, as text.
    """
    return await stored(write(recording.energy_scan, data.sent))


@patch("/events/energyscan/associate-bl-sample", tags=["Events"], **RECORDING)
async def associate_sample(
    data: JSONBody[Patch[schemas.SentSampleOfScan]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> schemas.SampleOfScan:
    """Say of which sample an energy scan was made"""
    return await in_time(write(recording.sample_of_scan, data.sent))


@post("/events/xfe-fluorescence-spectrum", tags=["Events"], responses=or_there(str), **RECORDING)
async def store_spectrum(
    data: JSONBody[Patch[schemas.SentSpectrum]],
    write: NamedDependency[Write],
    recording: NamedDependency[Recording],
) -> Response[str]:
    """Store a fluorescence spectrum

    The answer is the key, as text.
    """
    return await stored(write(recording.spectrum, data.sent))


handlers = [
    create_session,
    associate_beamline_setup,
    store_beamline_setup,
    find_detector,
    store_group,
    store_datacollection,
    store_image,
    store_robot_action,
    store_energy_scan,
    associate_sample,
    store_spectrum,
]


OTHERS = (
    *("POST /auth/login", "POST /auth/refresh", "GET /user/current", "GET /proposals", "GET /sessions"),
    *("GET /sessions/{sessionId}", "GET /datacollections/{dataCollectionId}", "GET /samples"),
    "PATCH /samples/{blSampleId}",
)
"""What MXCuBE asks that other plugins answer."""


def router(recording: Recording, prefix: str) -> Router:
    """The operations, by these rules, below this path."""
    return Router(prefix or "/", route_handlers=handlers, dependencies=always(recording=recording))


def aliases(prefix: str) -> list[Alias]:
    """Of what others answer, below this path, if there is one."""
    return [Alias(operation, prefix) for operation in OTHERS if prefix]
