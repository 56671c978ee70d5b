"""`/legacy/em`."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Invalid
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, send_file
from starbeam.api.lists import number_of, path_id
from starbeam_em_legacy.queries import legacy as queries
from starbeam_legacy.queries import groups
from starbeam_legacy.queries.rows import Row
from starbeam_legacy.routes.forms import both

TAG = "EM - legacy with header token"
MISSING = "Sample not found"
"""What is said when there is no image; clients know it so."""
TWO_OF_A_NAME = {404: "Two proposals have this name"}
NO_IMAGE = {404: "There is no image"}


@both(
    "/em/proposal/{proposal_id}/datacollection/{datacollection_id}/movies",
    "/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/all",
    tag=TAG,
    errors=TWO_OF_A_NAME,
)
async def get_legacy_em_movies(
    reader: NamedDependency[Reader],
    proposal_key: NamedDependency[int | None],
    datacollection_id: Annotated[int, path_id()],
) -> list[Row]:
    """Get the movies of a data collection, with their motion corrections and CTFs"""
    return await queries.movies(reader, proposal_key, datacollection_id)


@both(
    "/em/proposal/{proposal_id}/movie/{movie_id}/thumbnail",
    "/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/{movie_id}/thumbnail",
    tag=TAG,
    media_type="image/*",
    errors=NO_IMAGE,
)
async def get_legacy_em_movie_thumbnail(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    proposal_key: NamedDependency[int | None],
    movie_id: Annotated[int, path_id()],
) -> FileAnswer:
    """Get the micrograph of a movie"""
    path = await queries.picture_path(reader, proposal_key, movie_id, "micrograph")
    return await send_file(files, path, MISSING)


@both(
    "/em/proposal/{proposal_id}/movie/{movie_id}/thumbnail/motioncorrection",
    "/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/{movie_id}"
    "/motioncorrection/thumbnail",
    tag=TAG,
    media_type="image/*",
    errors=NO_IMAGE,
)
async def get_legacy_em_motion_correction_thumbnail(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    proposal_key: NamedDependency[int | None],
    movie_id: Annotated[int, path_id()],
) -> FileAnswer:
    """Get the micrograph of a movie's latest motion correction"""
    path = await queries.picture_path(reader, proposal_key, movie_id, "motion correction")
    return await send_file(files, path, MISSING)


@both(
    "/em/proposal/{proposal_id}/movie/{movie_id}/thumbnail/ctf",
    "/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/{movie_id}/ctf/thumbnail",
    tag=TAG,
    media_type="image/*",
    errors=NO_IMAGE,
)
async def get_legacy_em_ctf_thumbnail(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    proposal_key: NamedDependency[int | None],
    movie_id: Annotated[int, path_id()],
) -> FileAnswer:
    """Get the spectrum that the CTF of a movie's latest motion correction was fitted to"""
    path = await queries.picture_path(reader, proposal_key, movie_id, "ctf")
    return await send_file(files, path, MISSING)


@both(
    "/em/proposal/{proposal_id}/movie/{movie_id}/plot/motioncorrectiondrift",
    "/{token}/proposal/{proposal_id}/em/datacollection/{datacollection_id}/movie/{movie_id}"
    "/motioncorrection/drift",
    tag=TAG,
    media_type="image/*",
    errors=NO_IMAGE,
)
async def get_legacy_em_drift_plot(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    proposal_key: NamedDependency[int | None],
    movie_id: Annotated[int, path_id()],
) -> FileAnswer:
    """Get the plot of the drift that a movie's latest motion correction found"""
    path = await queries.picture_path(reader, proposal_key, movie_id, "drift")
    return await send_file(files, path, MISSING)


@both("/em/session/{session_id}/stats", "/{token}/proposal/{proposal}/em/session/{session_id}/stats", tag=TAG)
async def get_legacy_em_session_statistics(
    reader: NamedDependency[Reader], session_key: NamedDependency[int | None]
) -> list[Row]:
    """Get motion and defocus of the movies of a session"""
    return await queries.statistics(reader, session_key)


@both(
    "/em/proposal/{proposal_id}/data_collections/{data_collections_ids}/stats",
    "/proposal/{proposal_id}/data_collections/{data_collections_ids}/stats",
    tag=TAG,
    errors=TWO_OF_A_NAME,
)
async def get_legacy_em_collections_statistics(
    reader: NamedDependency[Reader],
    proposal_key: NamedDependency[int | None],
    data_collections_ids: FromPath[str],
) -> list[Row]:
    """Count movies, motion corrections and CTFs of data collections, given by ids joined with commas"""
    counts = await queries.counts(reader, "collections", proposal_key, _keys(data_collections_ids))
    return sorted(chain.from_iterable(counts.values()), key=lambda row: int(row["dataCollectionId"]))


@both(
    "/em/proposal/{proposal_id}/data_collections_group/{data_collections_group_id}/stats",
    "/proposal/{proposal_id}/data_collections_group/{data_collections_group_id}/stats",
    tag=TAG,
    errors=TWO_OF_A_NAME,
)
async def get_legacy_em_group_statistics(
    reader: NamedDependency[Reader],
    proposal_key: NamedDependency[int | None],
    data_collections_group_id: Annotated[int, path_id()],
) -> list[Row]:
    """Count movies, motion corrections and CTFs of the data collections of a group"""
    counts = await queries.counts(reader, "group", proposal_key, data_collections_group_id)
    return counts.get(data_collections_group_id, [])


@both(
    "/em/proposal/{proposal_id}/session/{session_id}/data_collections/groups",
    "/{token}/proposal/{proposal_id}/em/datacollection/session/{session_id}/list",
    tag=TAG,
    errors=TWO_OF_A_NAME,
)
async def get_legacy_em_groups(
    reader: NamedDependency[Reader],
    proposal_and_session: NamedDependency[tuple[int | None, int | None]],
) -> list[Row]:
    """Get the data collection groups of a session, with what is made of their movies"""
    proposal_key, session_key = proposal_and_session
    found = await groups.of_session(reader, session_key)
    counts = await queries.counts(reader, "session", proposal_key, session_key)
    return [
        {**group, "stats": counts.get(group["DataCollectionGroup_dataCollectionGroupId"], [])}
        for group in found
    ]


@both(
    "/em/session/{session_id}/classification",
    "/{token}/proposal/{proposal_id}/em/session/{session_id}/classification",
    tag=TAG,
)
async def get_legacy_em_classification(
    reader: NamedDependency[Reader], session_key: NamedDependency[int | None]
) -> list[Row]:
    """Get the particle classes of a session"""
    return await queries.classes(reader, session_key)


def _keys(text: str) -> list[int]:
    """Keys joined with commas; none for numbers that no row has. 422 for a part that is no number."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise Invalid("Input should be numbers joined with commas", ["path", "data_collections_ids"])
    return [key for part in parts if (key := number_of(part)) is not None]


handlers = [
    *get_legacy_em_movies,
    *get_legacy_em_movie_thumbnail,
    *get_legacy_em_motion_correction_thumbnail,
    *get_legacy_em_ctf_thumbnail,
    *get_legacy_em_drift_plot,
    *get_legacy_em_session_statistics,
    *get_legacy_em_collections_statistics,
    *get_legacy_em_group_statistics,
    *get_legacy_em_groups,
    *get_legacy_em_classification,
]
