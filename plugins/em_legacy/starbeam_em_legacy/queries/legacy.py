"""Movies and what is made of them: SQL."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import FromClause, Select, and_, bindparam, func, join, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_em_legacy.models import (
    ParticleClassification,
    ParticleClassificationGroup,
    ParticlePicker,
)
from starbeam_ispyb.models import (
    CTF,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    MotionCorrection,
    Movie,
    Proposal,
)
from starbeam_legacy.queries.rows import Row, flat, labelled, of

Picture = Literal["micrograph", "motion correction", "ctf", "drift"]
"""The images of a movie."""
By = Literal["collections", "group", "session"]
"""Which data collections are counted for."""

_MOVIE = {
    **of(
        Movie,
        "movieId dataCollectionId movieNumber movieFullPath positionX positionY micrographFullPath"
        " micrographSnapshotFullPath xmlMetaDataFullPath dosePerImage createdTimeStamp",
        "Movie_",
    ),
    **of(
        MotionCorrection,
        "motionCorrectionId movieId firstFrame lastFrame dosePerFrame doseWeight totalMotion"
        " averageMotionPerFrame driftPlotFullPath micrographFullPath micrographSnapshotFullPath"
        " correctedDoseMicrographFullPath patchesUsed logFileFullPath",
        "MotionCorrection_",
    ),
    "CTF_CTFid": CTF.ctfId,
    **of(
        CTF,
        "motionCorrectionId spectraImageThumbnailFullPath spectraImageFullPath defocusU defocusV angle"
        " crossCorrelationCoefficient resolutionLimit estimatedBfactor logFilePath createdTimeStamp",
        "CTF_",
    ),
    "Proposal_proposalId": BLSession.proposalId,
    "BLSession_sessionId": BLSession.sessionId,
}
_STATISTICS = {
    **of(BLSession, "proposalId sessionId"),
    "imageDirectory": DataCollection.imageDirectory,
    **of(Movie, "movieId movieNumber createdTimeStamp"),
    "motionCorrectionId": MotionCorrection.motionCorrectionId,
    "dataCollectionId": Movie.dataCollectionId,
    **of(MotionCorrection, "totalMotion averageMotionPerFrame lastFrame dosePerFrame"),
    **of(CTF, "defocusU defocusV resolutionLimit estimatedBfactor angle"),
}
_CLASS = {
    **of(BLSession, "proposalId sessionId"),
    "imageDirectory": DataCollection.imageDirectory,
    **of(ParticlePicker, "particlePickerId numberOfParticles"),
    "particleClassificationGroupId": ParticleClassificationGroup.particleClassificationGroupId,
    **of(
        ParticleClassification,
        "particleClassificationId classNumber classImageFullPath particlesPerClass classDistribution"
        " rotationAccuracy translationAccuracy estimatedResolution overallFourierCompleteness",
    ),
}


def _collections() -> Any:
    """Data collections with their sessions and proposals."""
    group = DataCollectionGroup
    return (
        join(DataCollection, group, group.dataCollectionGroupId == DataCollection.dataCollectionGroupId)
        .join(BLSession, BLSession.sessionId == group.sessionId)
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
    )


def _movies() -> Any:
    return _collections().join(Movie, Movie.dataCollectionId == DataCollection.dataCollectionId)


_OF_PROPOSAL = BLSession.proposalId == bindparam("proposal_key")
_OF_SESSION = BLSession.sessionId == bindparam("session_key")
_CORRECTED = MotionCorrection.movieId == Movie.movieId
_FITTED = CTF.motionCorrectionId == MotionCorrection.motionCorrectionId
_IN_ORDER = (Movie.movieId, MotionCorrection.motionCorrectionId, CTF.ctfId)


def _with_corrections(scope: Scope, movies: Any) -> Any:
    """Movies with their motion corrections and CTFs, if they have any."""
    seen = scope.permitted().sees
    corrected = movies.outerjoin(MotionCorrection, and_(_CORRECTED, seen(MotionCorrection)))
    return corrected.outerjoin(CTF, and_(_FITTED, seen(CTF)))


@statement
def _of_collection(scope: Scope) -> Select[Any]:
    found = (
        select(*labelled(scope, _MOVIE)).select_from(_with_corrections(scope, _movies())).order_by(*_IN_ORDER)
    )
    wanted = DataCollection.dataCollectionId == bindparam("collection_key")
    return found.where(wanted, _OF_PROPOSAL, scope.permitted().sees(Movie))


@statement
def _statistics(scope: Scope) -> Select[Any]:
    source = _movies().join(MotionCorrection, _CORRECTED).join(CTF, _FITTED)
    found = select(*labelled(scope, _STATISTICS)).select_from(source).order_by(*_IN_ORDER)
    seen = map(scope.permitted().sees, (Movie, MotionCorrection, CTF))
    return found.where(_OF_SESSION, *seen)


@statement
def _classes(scope: Scope) -> Select[Any]:
    picker, group, one = ParticlePicker, ParticleClassificationGroup, ParticleClassification
    source: FromClause = (
        _movies()
        .join(MotionCorrection, _CORRECTED)
        .join(picker, picker.firstMotionCorrectionId == MotionCorrection.motionCorrectionId)
        .join(group, group.particlePickerId == picker.particlePickerId)
        .join(one, one.particleClassificationGroupId == group.particleClassificationGroupId)
    )
    found = select(*labelled(scope, _CLASS)).select_from(source)
    seen = scope.permitted().sees(MotionCorrection)
    return found.where(_OF_SESSION, seen).order_by(one.particleClassificationId)


@statement
def _counts(scope: Scope, by: By) -> Select[int, int, int, int, int]:
    """Rows made of the movies of each data collection; with the group that it is in."""
    wanted = {
        "collections": DataCollection.dataCollectionId.in_(bindparam("wanted", expanding=True)),
        "group": DataCollection.dataCollectionGroupId == bindparam("wanted"),
        "session": BLSession.sessionId == bindparam("wanted"),
    }[by]
    permitted = scope.permitted()
    of_collection = Movie.dataCollectionId == DataCollection.dataCollectionId
    source = _collections().outerjoin(Movie, and_(of_collection, permitted.sees(Movie)))
    source = _with_corrections(scope, source)
    key = DataCollection.dataCollectionId
    return (
        select(
            DataCollection.dataCollectionGroupId,
            key,
            func.count(Movie.movieId.distinct()).label("movieCount"),
            func.count(MotionCorrection.motionCorrectionId.distinct()).label("motionCorrectionCount"),
            func.count(CTF.ctfId.distinct()).label("ctfCorrectionCount"),
        )
        .select_from(source)
        .where(wanted, _OF_PROPOSAL, permitted.sees(DataCollection))
        .group_by(DataCollection.dataCollectionGroupId, key)
        .order_by(key)
    )


@statement
def _picture(scope: Scope, picture: Picture) -> Select[Any]:
    """The path of an image of a movie: of its latest motion correction, and the latest CTF of that."""
    thumbnail = CTF.spectraImageThumbnailFullPath
    path = {
        "micrograph": Movie.micrographSnapshotFullPath,
        "motion correction": MotionCorrection.micrographSnapshotFullPath,
        "drift": MotionCorrection.driftPlotFullPath,
        "ctf": thumbnail if scope.has(thumbnail) else CTF.fftTheoreticalFullPath,
    }[picture]
    source = _with_corrections(scope, _movies())
    latest = MotionCorrection.motionCorrectionId.desc(), CTF.ctfId.desc()
    found = select(scope.column(path).label("path")).select_from(source)
    wanted = Movie.movieId == bindparam("movie_key")
    seen = scope.permitted().sees(Movie)
    return found.where(wanted, _OF_PROPOSAL, seen).order_by(*latest).limit(1)


async def movies(reader: Reader, proposal: int | None, collection: int) -> list[Row]:
    """The movies of a data collection of a proposal. 1 statement."""
    query = _of_collection()
    return [flat(row) for row in await reader.rows(query, proposal_key=proposal, collection_key=collection)]


async def picture_path(reader: Reader, proposal: int | None, movie: int, picture: Picture) -> str | None:
    """Where an image of a movie of a proposal is. 1 statement."""
    query = _picture(picture)
    path: str | None = await reader.scalar(query, proposal_key=proposal, movie_key=movie)
    return path


async def statistics(reader: Reader, session: int | None) -> list[Row]:
    """The corrected and fitted movies of a session. 1 statement."""
    query = _statistics()
    return [flat(row) for row in await reader.rows(query, session_key=session)]


async def classes(reader: Reader, session: int | None) -> list[Row]:
    """The particle classes of a session. 1 statement."""
    return [flat(row) for row in await reader.rows(_classes(), session_key=session)]


async def counts(reader: Reader, by: By, proposal: int | None, wanted: Any) -> dict[int, list[Row]]:
    """What is made of the movies of each data collection of a proposal: of those of these keys, or of a
    group or session. By group. 1 statement."""
    found: dict[int, list[Row]] = {}
    for row in await reader.rows(_counts(by), proposal_key=proposal, wanted=wanted):
        counted = flat(row)
        found.setdefault(counted.pop("dataCollectionGroupId"), []).append(counted)
    return found
