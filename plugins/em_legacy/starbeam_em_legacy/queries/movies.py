"""What pages show of movies and particle classes: SQL, under the same rules as everything of a session."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select

from starbeam.api.database import Reader, Rows, Scope, Shape, statement
from starbeam.api.lists import Filters, List, Where, query_id
from starbeam_em_legacy.models import (
    ParticleClassification,
    ParticleClassificationGroup,
    ParticlePicker,
)
from starbeam_ispyb.models import CTF, DataCollection, DataCollectionGroup, MotionCorrection, Movie

_OF_SESSION = (
    select(DataCollection.dataCollectionId)
    .join(
        DataCollectionGroup,
        DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
    )
    .where(DataCollectionGroup.sessionId == bindparam("sessionId"))
)


class Measured(Struct):
    """What was found in a movie: motion and resolution in Å, defocus in µm, astigmatism in nm."""

    movieId: int
    dataCollectionId: int
    movieNumber: int | None
    motion: float | None = None
    motionPerFrame: float | None = None
    defocus: float | None = None
    astigmatism: float | None = None
    resolution: float | None = None
    corrected: bool = False
    fitted: bool = False


class MovieRow(Struct):
    """A movie with what was found in it."""

    movieId: int
    movieNumber: int | None
    dataCollectionId: int
    createdTimeStamp: datetime | None
    motion: float | None = None
    motionPerFrame: float | None = None
    defocus: float | None = None
    astigmatism: float | None = None
    resolution: float | None = None


class MovieFilters(Filters, frozen=True):
    """Which movies are listed."""

    sessionId: Annotated[int | None, query_id("Session"), Where(Movie.dataCollectionId.in_(_OF_SESSION))] = (
        None
    )
    dataCollectionId: Annotated[
        int | None,
        query_id("Data collection"),
        Where(Movie.dataCollectionId == bindparam("dataCollectionId")),
    ] = None


_FOUND = ("motion", "motionPerFrame", "defocus", "astigmatism", "resolution")


async def _complete(rows: Rows, movies: Sequence[MovieRow]) -> None:
    found = _latest(await rows.rows(_measured("movies"), wanted=[one.movieId for one in movies]))
    for movie in movies:
        if one := found.get(movie.movieId):
            for name in _FOUND:
                setattr(movie, name, getattr(one, name))


MOVIES = List(
    Shape(MovieRow, Movie, later={*_FOUND}),
    Movie,
    MovieFilters,
    order_by=[Movie.movieId.desc()],
    complete=_complete,
)
"""The newest first. 3 statements a page."""

Of = Literal["session", "collections", "movies"]
"""Whose movies."""


@statement
def _measured(scope: Scope, of: Of) -> Select[Any]:
    """Motion and CTF of movies; the latest of a movie comes last."""
    wanted: Any = bindparam("wanted", expanding=True)
    which: ColumnElement[bool] = {
        "session": Movie.dataCollectionId.in_(_OF_SESSION),
        "collections": Movie.dataCollectionId.in_(wanted),
        "movies": Movie.movieId.in_(wanted),
    }[of]
    motion, ctf = MotionCorrection, CTF
    columns: list[Any] = [
        Movie.movieId,
        Movie.dataCollectionId,
        Movie.movieNumber,
        motion.motionCorrectionId,
        motion.totalMotion,
        motion.averageMotionPerFrame,
        ctf.ctfId,
        ctf.defocusU,
        ctf.defocusV,
        ctf.estimatedDefocus,
        ctf.astigmatism,
        ctf.resolutionLimit,
        ctf.estimatedResolution,
    ]
    return (
        select(*[scope.column(one).label(one.key) for one in columns])
        .select_from(Movie)
        .outerjoin(motion, motion.movieId == Movie.movieId)
        .outerjoin(ctf, ctf.motionCorrectionId == motion.motionCorrectionId)
        .where(which, scope.sees(Movie))
        .order_by(Movie.movieId, motion.motionCorrectionId, ctf.ctfId)
    )


def _latest(rows: Iterable[Any]) -> dict[int, Measured]:
    return {row.movieId: _read(row) for row in rows}


def _read(row: Any) -> Measured:
    """The values of either schema, where texts are numbers too."""
    u, v = number(row.defocusU), number(row.defocusV)
    defocus = (u + v) / 2 if u is not None and v is not None else number(row.estimatedDefocus)
    apart = abs(u - v) if u is not None and v is not None else number(row.astigmatism)
    resolution = number(row.resolutionLimit)
    return Measured(
        row.movieId,
        row.dataCollectionId,
        row.movieNumber,
        number(row.totalMotion),
        number(row.averageMotionPerFrame),
        None if defocus is None else defocus / 10_000,
        None if apart is None else apart / 10,
        number(row.estimatedResolution) if resolution is None else resolution,
        row.motionCorrectionId is not None,
        row.ctfId is not None,
    )


def number(value: Any) -> float | None:
    """A number that may be held as text; nothing for what is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


async def of_session(reader: Reader, session: int) -> list[Measured]:
    """What was found in the movies of a session, in the order in which they were taken. 1 statement."""
    return [*_latest(await reader.rows(_measured("session"), sessionId=session)).values()]


async def of_collections(reader: Reader, ids: Sequence[int]) -> Mapping[int, list[Measured]]:
    """The same of data collections, by their ids. 1 statement."""
    found: dict[int, list[Measured]] = {}
    for one in _latest(await reader.rows(_measured("collections"), wanted=list(ids))).values():
        found.setdefault(one.dataCollectionId, []).append(one)
    return found


def has_astigmatism(scope: Scope) -> bool:
    """Whether this database says how astigmatic a movie is."""
    return scope.has(CTF.defocusU) or scope.has(CTF.astigmatism)


PICTURES = ("micrograph", "corrected", "spectrum", "drift")
"""The images of a movie."""


@statement
def _paths(scope: Scope) -> Select[Any]:
    """Where the images of movies are; those of the latest correction come last."""
    thumbnail = CTF.spectraImageThumbnailFullPath
    columns: dict[str, Any] = {
        "movieId": Movie.movieId,
        "micrograph": Movie.micrographSnapshotFullPath,
        "corrected": MotionCorrection.micrographSnapshotFullPath,
        "spectrum": thumbnail if scope.has(thumbnail) else CTF.fftTheoreticalFullPath,
        "drift": MotionCorrection.driftPlotFullPath,
    }
    return (
        select(*[scope.column(column).label(name) for name, column in columns.items()])
        .select_from(Movie)
        .outerjoin(MotionCorrection, MotionCorrection.movieId == Movie.movieId)
        .outerjoin(CTF, CTF.motionCorrectionId == MotionCorrection.motionCorrectionId)
        .where(Movie.movieId.in_(bindparam("wanted", expanding=True)), scope.sees(Movie))
        .order_by(Movie.movieId, MotionCorrection.motionCorrectionId, CTF.ctfId)
    )


async def paths(reader: Reader, movies: Sequence[int]) -> Mapping[int, Mapping[str, str | None]]:
    """The paths of the images (`PICTURES`) of movies, by their ids. 1 statement."""
    rows = await reader.rows(_paths(), wanted=list(movies))
    return {row.movieId: {name: getattr(row, name) for name in PICTURES} for row in rows}


@statement
def _beside(scope: Scope) -> Select[Any]:
    """The movies before and after one in its data collection."""
    other = and_(Movie.dataCollectionId == bindparam("collection"), scope.sees(Movie))
    before = select(func.max(Movie.movieId)).where(other, Movie.movieId < bindparam("movie"))
    after = select(func.min(Movie.movieId)).where(other, Movie.movieId > bindparam("movie"))
    return select(before.scalar_subquery().label("before"), after.scalar_subquery().label("after"))


async def beside(reader: Reader, movie: MovieRow) -> tuple[int | None, int | None]:
    """The ids of the movies before and after one. 1 statement."""
    ((before, after),) = await reader.rows(_beside(), movie=movie.movieId, collection=movie.dataCollectionId)
    return before, after


class ClassRow(Struct):
    """A class of particles; its share of all of them from 0 to 1, resolution in Å."""

    particleClassificationId: int
    particleClassificationGroupId: int | None
    classNumber: int | None
    particlesPerClass: int | None
    classDistribution: float | None
    estimatedResolution: float | None
    rotationAccuracy: float | None
    translationAccuracy: float | None
    overallFourierCompleteness: float | None
    classImageFullPath: str | None


def _groups(scope: Scope) -> Select[int]:
    """The classifications of what was picked in movies that the caller sees."""
    return (
        select(ParticleClassificationGroup.particleClassificationGroupId)
        .join(
            ParticlePicker,
            ParticlePicker.particlePickerId == ParticleClassificationGroup.particlePickerId,
        )
        .join(
            MotionCorrection,
            MotionCorrection.motionCorrectionId == ParticlePicker.firstMotionCorrectionId,
        )
        .where(scope.sees(MotionCorrection))
    )


def _seen(scope: Scope) -> ColumnElement[bool]:
    return ParticleClassification.particleClassificationGroupId.in_(_groups(scope))


_CLASSES_OF_SESSION = (
    select(ParticleClassificationGroup.particleClassificationGroupId)
    .join(ParticlePicker, ParticlePicker.particlePickerId == ParticleClassificationGroup.particlePickerId)
    .join(MotionCorrection, MotionCorrection.motionCorrectionId == ParticlePicker.firstMotionCorrectionId)
    .join(Movie, Movie.movieId == MotionCorrection.movieId)
    .where(Movie.dataCollectionId.in_(_OF_SESSION))
)


class ClassFilters(Filters, frozen=True):
    """Which classes are listed."""

    sessionId: Annotated[
        int | None,
        query_id("Session"),
        Where(ParticleClassification.particleClassificationGroupId.in_(_CLASSES_OF_SESSION)),
    ] = None


CLASSES = List(
    Shape(ClassRow, ParticleClassification),
    ParticleClassification,
    ClassFilters,
    listed=[_seen],
    order_by=[
        ParticleClassification.particlesPerClass.desc(),
        ParticleClassification.particleClassificationId,
    ],
    for_all=True,
)
"""Those with the most particles first; whose movies the caller sees. 2 statements a page."""


@statement
def _counts(scope: Scope) -> Select[int, int]:
    movies = select(func.count()).select_from(Movie)
    classes = select(func.count()).select_from(ParticleClassification)
    of_session = ParticleClassification.particleClassificationGroupId.in_(_CLASSES_OF_SESSION)
    return select(
        movies.where(Movie.dataCollectionId.in_(_OF_SESSION), scope.sees(Movie)).scalar_subquery(),
        classes.where(of_session, _seen(scope)).scalar_subquery(),
    )


async def counts(reader: Reader, session: int) -> tuple[int, int]:
    """How many movies and particle classes a session has. 1 statement."""
    ((movies, classes),) = await reader.rows(_counts(), sessionId=session)
    return movies, classes
