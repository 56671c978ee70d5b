"""Pages of movies and particle classes."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from starbeam_em_legacy import models as em
from starbeam_em_legacy.plots import POINTS, Cut, histogram, scatter, summary
from starbeam_em_legacy.queries.movies import Measured, number
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

PIXEL = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


@pytest.fixture
async def app(make_app: MakeApp, tmp_path: Path) -> TestApp:
    """Session 1 of em1, whose member is `member`, has collection 1 with movies 1 to 4; session 2 of em2 has
    collection 2 with movie 5. Movie 4 has no CTF, and nothing of it was stored."""
    names = ("auth_dummy", "em_legacy", "events", "ispyb", "legacy", "proposals", "web")
    app = await make_app(*names, **OPEN, **{"files.roots": [str(tmp_path)]})
    app.set_time(datetime(2026, 3, 10, 12))
    (tmp_path / "drift.jpg").write_bytes(PIXEL)
    db = app.database
    member = await db.person("member")
    await db.person("stranger")
    for key in (1, 2):
        await db.add(m.Proposal, proposalId=key, proposalCode="em", proposalNumber=str(key), personId=member)
        await db.add(m.BLSession, sessionId=key, proposalId=key, visit_number=1, beamLineName="CM01")
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=key, experimentType="EM")
        await db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    await db.add(m.Session_has_Person, sessionId=1, personId=member)
    for key, collection in ((1, 1), (2, 1), (3, 1), (4, 1), (5, 2)):
        at = datetime(2026, 3, 10, 9) + timedelta(minutes=key)
        await db.add(m.Movie, movieId=key, dataCollectionId=collection, movieNumber=key, createdTimeStamp=at)
    for key, motion, resolution in ((1, 10, 3.0), (2, 20, 3.5), (3, 30, 5.0), (5, 12, 3.2)):
        # an earlier correction and fit, which counts no longer
        await db.add(m.MotionCorrection, motionCorrectionId=key, movieId=key, totalMotion="99")
        await db.add(m.CTF, ctfId=key, motionCorrectionId=key, resolutionLimit="9", estimatedResolution=9)
        await db.add(
            m.MotionCorrection,
            motionCorrectionId=10 + key,
            movieId=key,
            totalMotion=str(motion),
            averageMotionPerFrame="0.5",
            driftPlotFullPath=str(tmp_path / "drift.jpg"),
            micrographSnapshotFullPath=str(tmp_path / "gone.jpg"),
        )
        await db.add(
            m.CTF,
            ctfId=10 + key,
            motionCorrectionId=10 + key,
            resolutionLimit=str(resolution),
            estimatedResolution=resolution,
            defocusU="14300",
            defocusV="14120",
            estimatedDefocus=14210,
            astigmatism=180,
        )
    for key, movie in ((1, 11), (2, 15)):
        await db.add(em.ParticlePicker, particlePickerId=key, firstMotionCorrectionId=movie)
        await db.add(em.ParticleClassificationGroup, particleClassificationGroupId=key, particlePickerId=key)
    for key, group, particles in ((1, 1, 402), (2, 1, 4812), (3, 2, 960)):
        await db.add(
            em.ParticleClassification,
            particleClassificationId=key,
            particleClassificationGroupId=group,
            classNumber=key,
            particlesPerClass=particles,
            classDistribution=particles / 21770,
            estimatedResolution=7.9,
            rotationAccuracy=2.1,
            translationAccuracy=0.8,
        )
    return app


@pytest.fixture
async def visitor(app: TestApp) -> Visitor:
    visitor = Visitor(app)
    await visitor.log_in("member")
    return visitor


def rows_of(page: str) -> list[str]:
    """What the rows of a page's table say."""
    return [text_of(row) for row in page.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]]


@pytest.mark.four_databases
async def test_movies_of_a_session(visitor: Visitor) -> None:
    """Motion in Å, defocus in µm, astigmatism in nm, resolution in Å: of the latest fit."""
    shown = (await visitor.open("/sessions/1/movies")).text
    assert rows_of(shown) == [
        "4 Tue 10 Mar 09:04",
        "3 Tue 10 Mar 09:03 30.0 0.50 1.42 18 poor 5.0",
        "2 Tue 10 Mar 09:02 20.0 0.50 1.42 18 3.5",
        "1 Tue 10 Mar 09:01 10.0 0.50 1.42 18 3.0",
    ]
    said = text_of(shown)
    assert "Movies 4 Corrected 3 With CTF 3 Median resolution 3.5 Å Median motion 20.0 Å Pass 67 %" in said
    assert "2 of 3 (67 %) pass." in said
    assert shown.count('href="/movies/3"') == 3  # in the table and in both plots
    assert 'href="/movies/5"' not in shown
    assert rows_of((await visitor.open("/collections/1/movies")).text) == rows_of(shown)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("resolution=3.2", "1 of 3 (33 %) pass."),
        ("resolution=6&motion=25", "2 of 3 (67 %) pass."),
        ("resolution=6&motion=", "3 of 3 (100 %) pass."),
    ],
)
async def test_what_is_good_stands_in_the_address(visitor: Visitor, query: str, said: str) -> None:
    shown = (await visitor.open(f"/sessions/1/movies?{query}&limit=2")).text
    assert said in text_of(shown)
    asked = query.removesuffix("&motion=").replace("&", "&amp;")  # what was left empty asks for nothing
    assert f"?{asked}&amp;limit=2&amp;skip=2" in shown


async def test_a_limit_that_is_none(visitor: Visitor) -> None:
    for wrong in ("resolution=x", "resolution=0", "motion=-1", "resolution=nan", "motion=inf"):
        assert (await visitor.open(f"/sessions/1/movies?{wrong}")).status_code == 422


async def test_a_movie_with_its_pictures(visitor: Visitor) -> None:
    shown = (await visitor.open("/movies/2")).text
    assert "CTF resolution 3.5 Å Total motion 20.0 Å Motion per frame 0.50 Å Defocus 1.42 µm" in text_of(
        shown
    )
    assert 'src="/movies/2/drift"' in shown
    assert "Micrograph, motion corrected: the file is not there any more" in shown
    assert "Power spectrum: not recorded" in shown
    assert 'rel="prev" href="/movies/1"' in shown
    assert 'rel="next" href="/movies/3"' in shown
    drift = await visitor.open("/movies/2/drift")
    assert (drift.status_code, drift.content) == (200, PIXEL)
    for missing in ("corrected", "spectrum", "nothing"):
        assert (await visitor.open(f"/movies/2/{missing}")).status_code == 404
    last = (await visitor.open("/movies/4")).text
    assert 'rel="next"' not in last
    assert "Motion and drift: not recorded" in last


async def test_classes_by_their_particles(visitor: Visitor) -> None:
    shown = text_of((await visitor.open("/sessions/1/classes")).text)
    first, second = "4,812 · 22.1 % class 2 · 7.9 Å rotation ±2.1°, shift ±0.8 Å", "402 · 1.8 % class 1"
    assert shown.index(first) < shown.index(second)
    assert "960" not in shown


async def test_what_stands_on_cards_and_on_the_session(visitor: Visitor) -> None:
    session = (await visitor.open("/sessions/1")).text
    assert '<a class="btn" href="/sessions/1/movies">4 movies</a>' in session
    tabs = '<a href="/sessions/1/movies"{}>Movies</a><a href="/sessions/1/classes"{}>Classes</a>'
    here = ' aria-current="page"'
    assert ">Movies</a>" not in session
    assert tabs.format(here, "") in (await visitor.open("/sessions/1/movies")).text
    assert tabs.format("", here) in (await visitor.open("/sessions/1/classes")).text
    assert '<a class="btn" href="/sessions/1/classes">2 particle classes</a>' in session
    for page in (session, (await visitor.open("/collections/1")).text):
        assert "median 3.5 Å 67 % better than 4 Å" in text_of(page)
        assert '<a href="/collections/1/movies">4 movies</a>, 3 corrected, 3 with a CTF' in page


async def test_others_movies_are_none(app: TestApp, visitor: Visitor) -> None:
    hidden = (
        "/sessions/2/movies",
        "/sessions/2/classes",
        "/collections/2/movies",
        "/movies/5",
        "/movies/5/drift",
        "/classes/3/picture",
        "/movies/99",
        "/collections/99/movies",
    )
    for page in hidden:
        assert (await visitor.open(page)).status_code == 404, page
    stranger = Visitor(app)
    await stranger.log_in("stranger")
    for page in ("/sessions/1/movies", "/collections/1/movies", "/movies/1", "/movies/1/drift"):
        assert (await stranger.open(page)).status_code == 404, page


async def test_a_session_without_movies(app: TestApp, visitor: Visitor) -> None:
    member = await app.database.person("member")
    await app.database.add(m.BLSession, sessionId=3, proposalId=1, visit_number=2, beamLineName="MX1")
    await app.database.add(m.Session_has_Person, sessionId=3, personId=member)
    assert "movies" not in text_of((await visitor.open("/sessions/3")).text)
    assert "No movies yet." in text_of((await visitor.open("/sessions/3/movies")).text)
    assert "Nothing classified yet." in text_of((await visitor.open("/sessions/3/classes")).text)


def measured(*resolutions: float | None) -> list[Measured]:
    return [
        Measured(key, 1, key, resolution=value, fitted=value is not None)
        for key, value in enumerate(resolutions, 1)
    ]


def test_bars_of_a_histogram() -> None:
    """24 bars from 2 to 26: each is one wide; what lies above the last counts there."""
    bars = histogram([2.0, 2.5, 14.0, *[26.0] * 148, 90.0], 8.0)
    assert bars is not None
    assert (bars.low, bars.high, bars.most, bars.cut) == (2.0, 26.0, 149, "25")
    assert [(one.x, one.height) for one in bars.bars] == [("0", "1.3"), ("50", "0.7"), ("95.8", "100")]
    assert histogram([None, None]) is None
    alone = histogram([3.0, 3.0])
    assert alone is not None
    assert (alone.low, alone.high) == (2.5, 3.5)


def test_dots_of_a_plot() -> None:
    plot = scatter(measured(3.0, None, 4.0, 5.0, 3.0), "resolution", 4.0)
    assert plot is not None
    assert [(one.id, one.x, one.y) for one in plot.points] == [
        (1, "0", "0"),
        (3, "50", "50"),
        (4, "75", "100"),
        (5, "100", "0"),
    ]
    assert plot.cut == "50"
    assert scatter(measured(None), "resolution") is None


def test_a_plot_of_many_keeps_the_best_and_the_worst() -> None:
    resolutions = [3.0 + (key % 7) / 10 for key in range(10_000)]
    resolutions[4321], resolutions[7777] = 2.0, 9.0
    plot = scatter(measured(*resolutions), "resolution")
    assert plot is not None
    assert 200 <= len(plot.points) <= POINTS
    assert {4322, 7778} <= {one.id for one in plot.points}
    assert plot.best == 2.0


def test_how_good_movies_are() -> None:
    told = summary(measured(3.0, 5.0, None, 3.6), Cut(4.0))
    assert (told.movies, told.fitted, told.passing, told.resolution) == (4, 3, 2, 3.6)
    assert told.share == pytest.approx(66.67, abs=0.01)
    assert summary([], Cut(4.0)).share is None


@pytest.mark.parametrize(
    ("held", "meant"), [("14.2", 14.2), (3, 3.0), ("", None), ("n/a", None), (None, None), ("nan", None)]
)
def test_numbers_that_are_texts(held: object, meant: float | None) -> None:
    assert number(held) == meant


async def test_ten_thousand_movies(app: TestApp, visitor: Visitor) -> None:
    db, numbers = app.database, range(10_000)
    await db.add(m.Movie, *({"movieId": 100 + n, "dataCollectionId": 1, "movieNumber": n} for n in numbers))
    keys = ({"motionCorrectionId": 100 + n, "movieId": 100 + n, "totalMotion": str(n % 30)} for n in numbers)
    await db.add(m.MotionCorrection, *keys)
    fits = (
        {"ctfId": 100 + n, "motionCorrectionId": 100 + n, "resolutionLimit": f"{3 + n % 5}"} for n in numbers
    )
    await db.add(m.CTF, *fits)
    began = time.process_time()
    shown = await visitor.open("/sessions/1/movies")
    spent = time.process_time() - began
    assert "Movies 10,004 Corrected 10,003 With CTF 10,003" in text_of(shown.text)
    assert "1 to 25 of 10,004" in text_of(shown.text)
    assert len(shown.content) < 120_000
    assert spent < 5  # some 0.5 s; a statement for each movie would take far longer
