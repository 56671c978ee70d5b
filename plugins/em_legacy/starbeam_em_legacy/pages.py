"""The pages of movies and particle classes, and what stands on the cards of their data collections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from starbeam.api import Invalid, Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, send_file
from starbeam.api.lists import Page
from starbeam.api.web import Asked, OfCollections, Pages, Part, Show, Spot, Tab
from starbeam_em_legacy.plots import Cut, histogram, scatter, summary
from starbeam_em_legacy.queries import movies
from starbeam_em_legacy.queries.movies import (
    CLASSES,
    MOVIES,
    ClassFilters,
    Measured,
    MovieFilters,
    number,
)
from starbeam_ispyb.queries import told

GOOD = 4.0
"""The resolution in Å that a good movie has, until somebody asks for another."""

Resolution = Annotated[str, QueryParameter(description="Resolution of a good movie, Å")]
Motion = Annotated[str, QueryParameter(description="Motion of a good movie, Å")]
"""As a form sends it: empty for no limit."""


@get("/sessions/{key:int}/movies", access=authenticated)
async def list_movies_of_session(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
    resolution: Resolution = "",
    motion: Motion = "",
) -> Response[Any]:
    """The movies of a session, and how good they are."""
    head = await show.head("session", reader, key)
    found = await reader.page(MOVIES, page, MovieFilters(sessionId=key))
    measured = await movies.of_session(reader, key)
    return _listed(show, reader, measured, _cut(resolution, motion), page=found, head=head, collection=None)


@get("/collections/{key:int}/movies", access=authenticated)
async def list_movies_of_collection(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
    resolution: Resolution = "",
    motion: Motion = "",
) -> Response[Any]:
    """The movies of a data collection, and how good they are."""
    measured = (await movies.of_collections(reader, [key])).get(key)
    if not measured:
        raise Missing("Not Found")
    found = await reader.page(MOVIES, page, MovieFilters(dataCollectionId=key))
    of = await told(reader, key, "Not Found")
    cut = _cut(resolution, motion)
    return _listed(show, reader, measured, cut, page=found, head="", collection=key, of=of)


def _cut(resolution: str, motion: str) -> Cut:
    """What is asked for as good."""
    return Cut(_limit("resolution", resolution) or GOOD, _limit("motion", motion))


def _limit(name: str, text: str) -> float | None:
    if not text.strip():
        return None
    value = number(text)
    if value is None or value <= 0:
        raise Invalid("Input should be a number above 0", ["query", name])
    return value


def _listed(show: Show, reader: Reader, measured: Sequence[Measured], cut: Cut, **more: Any) -> Response[Any]:
    return show(
        "em_legacy/movies.html",
        cut=cut,
        summary=summary(measured, cut),
        histograms={
            "resolution": histogram((one.resolution for one in measured), cut.resolution),
            "motion": histogram((one.motion for one in measured), cut.motion),
            "defocus": histogram(one.defocus for one in measured),
        },
        plots_of={
            "resolution": scatter(measured, "resolution", cut.resolution),
            "motion": scatter(measured, "motion", cut.motion),
        },
        astigmatism=movies.has_astigmatism(reader.scope),
        **more,
    )


@get("/movies/{key:int}", access=authenticated)
async def show_movie(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """A movie with its pictures, and the way to those before and after it."""
    movie = await reader.get(MOVIES, key)
    before, after = await movies.beside(reader, movie)
    paths = (await movies.paths(reader, [key]))[key]
    there = await files.exist([*paths.values()])
    return show(
        "em_legacy/movie.html",
        movie=movie,
        of=await told(reader, movie.dataCollectionId, "Not Found"),
        before=before,
        after=after,
        paths=paths,
        there=dict(zip(paths, there, strict=True)),
    )


@get("/movies/{key:int}/{picture:str}", access=authenticated)
async def send_picture(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    key: FromPath[int],
    picture: FromPath[str],
) -> FileAnswer:
    """An image of a movie."""
    paths = (await movies.paths(reader, [key])).get(key, {})
    return await send_file(files, paths.get(picture), "Not Found")


@get("/sessions/{key:int}/classes", access=authenticated)
async def list_classes(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """The particle classes of a session, those with the most particles first."""
    head = await show.head("session", reader, key)
    found = await reader.page(CLASSES, page, ClassFilters(sessionId=key))
    there = await files.exist([one.classImageFullPath for one in found.results])
    return show("em_legacy/classes.html", page=found, head=head, there=there)


@get("/classes/{key:int}/picture", access=authenticated)
async def send_picture_of_class(
    reader: NamedDependency[Reader], files: NamedDependency[Files], key: FromPath[int]
) -> FileAnswer:
    """The average image of a class."""
    one = await reader.get(CLASSES, key)
    return await send_file(files, one.classImageFullPath, "Not Found")


async def _of_session(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    count, classes = await movies.counts(reader, int(asked.key or 0))
    return {"key": asked.key, "movies": count, "classes": classes} if count else None


async def _of_collections(
    reader: Reader, asked: Asked, ids: Sequence[int]
) -> Mapping[int, Mapping[str, Any]]:
    """How good the movies of each data collection are; nothing for one that has none."""
    cut = Cut(GOOD)
    found = await movies.of_collections(reader, ids)
    last = {id: some[-1] for id, some in found.items()}
    paths = await movies.paths(reader, [one.movieId for one in last.values()]) if last else {}
    named = [path for some in paths.values() for path in some.values()]
    exists = dict(zip(named, await asked.files.exist(named), strict=True))
    return {
        id: {
            "cut": cut,
            "summary": summary(some, cut),
            "plot": scatter(some, "resolution", cut.resolution),
            "last": last[id],
            "paths": paths[last[id].movieId],
            "there": {name: exists[path] for name, path in paths[last[id].movieId].items()},
        }
        for id, some in found.items()
    }


def pages() -> Pages:
    """The pages, and their places in others."""
    templates: dict[Spot, str] = {
        "outcome": "em_legacy/outcome.html",
        "pictures": "em_legacy/pictures.html",
        "plot": "em_legacy/plot.html",
    }
    return Pages(
        [
            list_movies_of_session,
            list_movies_of_collection,
            show_movie,
            send_picture,
            list_classes,
            send_picture_of_class,
        ],
        Path(__file__).with_name("templates"),
        tabs=[
            Tab("session", "Movies", "/sessions/{key}/movies", 120, rare=True),
            Tab("session", "Classes", "/sessions/{key}/classes", 130, rare=True),
        ],
        parts=[Part("session", "em_legacy/session.html", _of_session, 400)],
        of_collections=[OfCollections(templates, _of_collections, 50, alone=True)],
    )
