"""`/legacy/em`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from starbeam.db.models import Person
from starbeam_em_legacy import models as em
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.legacy import Values, caller, shown
from support.schemas import Kind

pytestmark = pytest.mark.anyio

MOVIE = """movieId dataCollectionId movieNumber movieFullPath positionX positionY micrographFullPath
    micrographSnapshotFullPath xmlMetaDataFullPath dosePerImage createdTimeStamp"""
CORRECTION = """motionCorrectionId movieId firstFrame lastFrame dosePerFrame doseWeight totalMotion
    averageMotionPerFrame driftPlotFullPath micrographFullPath micrographSnapshotFullPath
    correctedDoseMicrographFullPath patchesUsed logFileFullPath"""
CTF = """motionCorrectionId spectraImageThumbnailFullPath spectraImageFullPath defocusU defocusV angle
    crossCorrelationCoefficient resolutionLimit estimatedBfactor logFilePath createdTimeStamp"""
CLASS = """particleClassificationId classNumber classImageFullPath particlesPerClass classDistribution
    rotationAccuracy translationAccuracy estimatedResolution overallFourierCompleteness"""
VARYING = {
    "positionX": 1.5,
    "positionY": 2.5,
    "firstFrame": 1,
    "lastFrame": 40,
    "dosePerFrame": 0.75,
    "doseWeight": 4.5,
    "totalMotion": 5.5,
    "averageMotionPerFrame": 0.25,
}
"""Columns that are text in one flavour and numbers in the other."""

MOVIES = (
    "/em/proposal/mx23/datacollection/{}/movies",
    "/{{token}}/proposal/mx23/em/datacollection/{}/movie/all",
)
PICTURES = {
    "/em/proposal/1/movie/{}/thumbnail": "/{{token}}/proposal/1/em/datacollection/9/movie/{}/thumbnail",
    "/em/proposal/1/movie/{}/thumbnail/motioncorrection": (
        "/{{token}}/proposal/1/em/datacollection/9/movie/{}/motioncorrection/thumbnail"
    ),
    "/em/proposal/1/movie/{}/thumbnail/ctf": (
        "/{{token}}/proposal/1/em/datacollection/9/movie/{}/ctf/thumbnail"
    ),
    "/em/proposal/1/movie/{}/plot/motioncorrectiondrift": (
        "/{{token}}/proposal/1/em/datacollection/9/movie/{}/motioncorrection/drift"
    ),
}
"""The images of a movie, in both forms. The data collection in the second is not looked at."""


@pytest.fixture
async def app(make_app: MakeApp, tmp_path: Path) -> TestApp:
    """Proposal 1 `mx23` with session 1, group 1 and data collections 1 and 2; proposal 2 with session 2,
    group 2 and data collection 3."""
    made = await make_app("ispyb", "legacy", "em_legacy", **{"files.roots": [str(tmp_path)]})
    db = made.database
    await db.add(Person, {"personId": 1, "login": "member"}, {"personId": 2, "login": "other"})
    for key in (1, 2):
        number = str(22 + key)
        await db.add(m.Proposal, proposalId=key, personId=2, proposalCode="mx", proposalNumber=number)
        await db.add(m.BLSession, sessionId=key, proposalId=key, visit_number=1)
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=key)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=1)
    await db.add(m.Session_has_Person, sessionId=1, personId=1)
    for key, group in ((1, 1), (2, 1), (3, 2)):
        collection = {"dataCollectionId": key, "dataCollectionGroupId": group}
        await db.add(m.DataCollection, **collection, imageDirectory=f"/data/{key}")
    return made


async def movies(app: TestApp) -> dict[str, dict[str, Any]]:
    """Movie 1 of data collection 1 with everything, movie 2 with nothing, movie 3 of the other proposal."""
    db, values, row = app.database, Values(), {}
    varying = {name: str(value) for name, value in VARYING.items()}
    taken = {"movieId": 1, "dataCollectionId": 1, "movieNumber": 7}
    row["movie"] = values.row(
        m.Movie, MOVIE, **taken, **{name: varying[name] for name in ("positionX", "positionY")}
    )
    rest = {name: text for name, text in varying.items() if not name.startswith("position")}
    row["correction"] = values.row(m.MotionCorrection, CORRECTION, motionCorrectionId=5, movieId=1, **rest)
    row["ctf"] = values.row(m.CTF, CTF, motionCorrectionId=5) | {"ctfId": 6}
    await db.add(m.Movie, row["movie"])
    await db.add(m.Movie, {"movieId": 2, "dataCollectionId": 1}, {"movieId": 3, "dataCollectionId": 3})
    await db.add(m.MotionCorrection, row["correction"])
    await db.add(m.CTF, row["ctf"])
    return row


def varied(kind: Kind, shown: dict[str, Any], prefix: str) -> dict[str, Any]:
    """The same, with numbers where the flavour holds them as such."""
    if kind.flavour == "community":
        return shown
    numbers = {prefix + name: value for name, value in VARYING.items() if prefix + name in shown}
    return shown | numbers


@pytest.mark.four_databases
async def test_a_movie_with_all_it_has(app: TestApp, kind: Kind) -> None:
    db, row = app.database, await movies(app)
    member = await caller(app, "member", "own_proposals")
    full, plain = await member.get(*(path.format(1) for path in MOVIES))
    wanted = {
        **varied(kind, await shown(db, m.Movie, row["movie"], MOVIE, "Movie_"), "Movie_"),
        **varied(
            kind,
            await shown(db, m.MotionCorrection, row["correction"], CORRECTION, "MotionCorrection_"),
            "MotionCorrection_",
        ),
        **await shown(db, m.CTF, row["ctf"], CTF, "CTF_"),
        "CTF_CTFid": 6,
        "Proposal_proposalId": 1,
        "BLSession_sessionId": 1,
    }
    assert full == wanted
    assert set(plain) == set(wanted)
    assert plain.pop("Movie_createdTimeStamp")
    assert {key: value for key, value in plain.items() if value is not None} == {
        "Movie_movieId": 2,
        "Movie_dataCollectionId": 1,
        "Proposal_proposalId": 1,
        "BLSession_sessionId": 1,
    }
    assert await member.get(*(path.format(3) for path in MOVIES)) == []  # of the other proposal


@pytest.mark.four_databases
async def test_statistics_of_a_session(app: TestApp, kind: Kind) -> None:
    db, row = app.database, await movies(app)
    member = await caller(app, "member", "own_sessions")
    paths = "/em/session/1/stats", "/{token}/proposal/anything/em/session/1/stats"
    moved = "totalMotion averageMotionPerFrame lastFrame dosePerFrame"
    assert await member.get(*paths) == [
        {
            "proposalId": 1,
            "sessionId": 1,
            "imageDirectory": "/data/1",
            **await shown(db, m.Movie, row["movie"], "movieId movieNumber createdTimeStamp"),
            "motionCorrectionId": 5,
            "dataCollectionId": 1,
            **varied(kind, await shown(db, m.MotionCorrection, row["correction"], moved), ""),
            **await shown(db, m.CTF, row["ctf"], "defocusU defocusV resolutionLimit estimatedBfactor angle"),
        }
    ]


@pytest.mark.four_databases
@pytest.mark.fix(134)
async def test_classification(app: TestApp) -> None:
    db = app.database
    await movies(app)
    member = await caller(app, "member", "own_sessions")
    await db.add(em.ParticlePicker, particlePickerId=7, firstMotionCorrectionId=5, numberOfParticles=900)
    await db.add(em.ParticleClassificationGroup, particleClassificationGroupId=8, particlePickerId=7)
    row = Values().row(em.ParticleClassification, CLASS, particleClassificationGroupId=8)
    await db.add(em.ParticleClassification, row)
    wanted = {
        "proposalId": 1,
        "sessionId": 1,
        "imageDirectory": "/data/1",
        "particlePickerId": 7,
        "numberOfParticles": 900,
        "particleClassificationGroupId": 8,
        **await shown(db, em.ParticleClassification, row, CLASS),
    }
    paths = "/em/session/1/classification", "/{token}/proposal/x/em/session/1/classification"
    assert await member.get(*paths) == [wanted]
    assert await member.get(*(f"{path}?self=a&kwargs=b" for path in paths)) == [wanted]


async def count(app: TestApp) -> None:
    """Two movies in data collection 1, one of them corrected twice, with three CTFs; one in 3."""
    db = app.database
    await db.add(m.Movie, *({"movieId": k, "dataCollectionId": c} for k, c in ((1, 1), (2, 1), (3, 3))))
    await db.add(m.MotionCorrection, *({"motionCorrectionId": k, "movieId": 1} for k in (1, 2)))
    await db.add(m.CTF, *({"ctfId": k, "motionCorrectionId": c} for k, c in ((1, 1), (2, 1), (3, 2))))


def counts(key: int, movies: int, corrections: int, ctfs: int) -> dict[str, int]:
    """What is told of a data collection."""
    made = {"motionCorrectionCount": corrections, "ctfCorrectionCount": ctfs}
    return {"dataCollectionId": key, "movieCount": movies, **made}


@pytest.mark.on("sqlite-union", "mariadb-community")
@pytest.mark.fix(126)
@pytest.mark.fix(132)
async def test_counts_of_data_collections(app: TestApp) -> None:
    await count(app)
    member = await caller(app, "member", "own_proposals")
    one, two = counts(1, 2, 2, 3), counts(2, 0, 0, 0)
    for path, wanted in {
        "data_collections/1/stats": [one],
        "data_collections/2,1,3,999/stats": [one, two],
        f"data_collections/{'9' * 30}/stats": [],
        "data_collections_group/1/stats": [one, two],
        "data_collections_group/2/stats": [],
    }.items():
        by_token = f"/proposal/mx23/{path}"
        assert await member.get(f"/em/proposal/mx23/{path}", by_token + "?token={token}") == wanted
        missing = await app.client.get("/legacy" + by_token)
        assert missing.status_code == 422
        assert missing.json()["detail"][0]["loc"] == ["query", "token"]
    for text in ("1,", "x", "1;2", "1.5"):
        bad = await member.get(f"/em/proposal/1/data_collections/{text}/stats", status=422)
        assert bad["detail"][0]["loc"] == ["path", "data_collections_ids"]


@pytest.mark.on("sqlite-union", "mariadb-diamond")
@pytest.mark.fix(133)
async def test_groups_with_counts(app: TestApp) -> None:
    await count(app)
    member = await caller(app, "member", "own_proposals", "own_sessions")
    paths = (
        "/em/proposal/mx23/session/1/data_collections/groups",
        "/{token}/proposal/mx23/em/datacollection/session/1/list",
    )
    with Statements(app) as statements:
        (group,) = await member.get(paths[0])
    assert len(statements) <= 10  # two of them look for the proposal and the session
    assert group["stats"] == [counts(1, 2, 2, 3), counts(2, 0, 0, 0)]
    (plain,) = await member.get("/data_collections/groups/session/1", "/{token}/proposal/session/1/list")
    assert {**plain, "stats": group["stats"]} == group
    assert await member.get(*paths) == [group]
    for login, permission in (("boss", "all_sessions"), ("chief", "all_proposals")):
        await (await caller(app, login, permission)).get(*paths, status=403)
    both = await caller(app, "both", "all_proposals", "all_sessions")
    assert await both.get(*paths) == [group]


async def test_every_operation_looks_at_its_association(app: TestApp) -> None:
    stranger = await caller(app, "stranger", "own_proposals", "own_sessions")
    await stranger.get(*(path.format(1) for path in MOVIES), status=403)
    for header, by_token in PICTURES.items():
        await stranger.get(header.format(1), by_token.format(1), 403)
        await stranger.get(header.format("x"), status=403)  # before what is wrong with the request
    for what in ("stats", "classification"):
        await stranger.get(f"/em/session/1/{what}", f"/{{token}}/proposal/1/em/session/1/{what}", 403)
    for path in ("data_collections/x/stats", "data_collections_group/1/stats"):
        await stranger.get(f"/em/proposal/1/{path}", f"/proposal/1/{path}?token={{token}}", 403)


@pytest.mark.four_databases
@pytest.mark.fix(129)
@pytest.mark.fix(130)
@pytest.mark.fix(131)
async def test_images_are_sent(app: TestApp, tmp_path: Path) -> None:
    db = app.database
    schema = await db.schema()
    files = [tmp_path / f"{name}.png" for name in ("micrograph", "corrected", "spectrum", "drift")]
    for file in files:
        file.write_bytes(file.name.encode())
    micrograph, corrected, spectrum, drift = map(str, files)
    await db.add(m.Movie, movieId=1, dataCollectionId=1, micrographSnapshotFullPath=micrograph)
    fitted = {"spectraImageThumbnailFullPath": spectrum}
    if not schema.has(m.CTF.spectraImageThumbnailFullPath):
        fitted = {"fftTheoreticalFullPath": spectrum}
    old = {"micrographSnapshotFullPath": "/old.png", "driftPlotFullPath": "/old.png"}
    latest = {"micrographSnapshotFullPath": corrected, "driftPlotFullPath": drift}
    await db.add(m.MotionCorrection, motionCorrectionId=1, movieId=1, **old)
    await db.add(m.MotionCorrection, motionCorrectionId=2, movieId=1, **latest)
    member = await caller(app, "member", "own_proposals")
    headers = {"Authorization": f"Bearer {member.token}"}

    async def sent(path: str) -> tuple[int, str]:
        answer = await app.client.get("/legacy" + path, headers=headers)
        if answer.status_code == 200:
            again = {**headers, "If-None-Match": answer.headers["etag"]}
            assert (await app.client.get("/legacy" + path, headers=again)).status_code == 304
            assert answer.headers["content-type"] == "image/png"
            assert "content-disposition" not in answer.headers
        return answer.status_code, answer.text

    missing = 404, '{"detail":"Sample not found"}'
    there = [(200, file.name) for file in files]
    if not schema.has(m.Movie.micrographSnapshotFullPath):
        there[0] = missing
    without_ctf = [there[0], there[1], missing, there[3]]
    addresses = [(one.format(1), two.format(1).format(token=member.token)) for one, two in PICTURES.items()]
    assert [await sent(one) for one, _ in addresses] == without_ctf
    await db.add(m.CTF, ctfId=1, motionCorrectionId=2, **fitted)
    assert [await sent(one) for one, _ in addresses] == there
    headers.clear()
    assert [await sent(two) for _, two in addresses] == there


async def test_images_that_are_not_sent(app: TestApp, tmp_path: Path) -> None:
    """Of another proposal, of no movie, without a path, without a file, outside of the folders."""
    db = app.database
    picture = tmp_path / "a.png"
    picture.write_bytes(b"x")
    for key, collection, path in (
        (1, 3, str(picture)),
        (2, 1, None),
        (3, 1, str(tmp_path / "gone.png")),
        (4, 1, "/etc/passwd"),
    ):
        await db.add(m.Movie, movieId=key, dataCollectionId=collection, micrographSnapshotFullPath=path)
        corrected = {"micrographSnapshotFullPath": path, "driftPlotFullPath": path}
        await db.add(m.MotionCorrection, motionCorrectionId=key, movieId=key, **corrected)
        await db.add(m.CTF, ctfId=key, motionCorrectionId=key, spectraImageThumbnailFullPath=path)
    member = await caller(app, "member", "own_proposals")
    for movie in (1, 2, 3, 4, 99):
        for header, by_token in PICTURES.items():
            answer = await member.get(header.format(movie), by_token.format(movie), 404)
            assert answer == {"detail": "Sample not found"}
