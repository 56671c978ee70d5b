"""The routes of the Java server for electron microscopy. The images of the small world have no files."""

from __future__ import annotations

from support.expected import Answer, Route, allowed

BY_SESSION = allowed("session_member", "administrator")
"""Those who see session 1."""
BY_PROPOSAL = allowed("proposal_member", "administrator")
"""Those who see proposal 1."""
BY_BOTH = allowed("administrator")
"""Those who see proposal 1 and session 1."""
NO_IMAGE: dict[str, Answer] = allowed("proposal_member", "administrator", status=404)

_EM = "/legacy/em/proposal/{proposal_id}"
_BY_TOKEN = "/legacy/{token}/proposal/{proposal_id}/em/datacollection"
_COUNTS = "/legacy/proposal/{proposal_id}"
_MOVIE = "/{datacollection_id}/movie/{movie_id}"


def _at_one(path: str, query: str = "") -> str:
    """The address where everything is number 1."""
    for name in (
        *("proposal_id", "session_id", "datacollection_id", "movie_id", "proposal"),
        *("data_collections_ids", "data_collections_group_id"),
    ):
        path = path.replace("{" + name + "}", "1")
    return path + query


_ROUTES = {
    f"{_EM}/datacollection/{{datacollection_id}}/movies": BY_PROPOSAL,
    f"{_BY_TOKEN}/{{datacollection_id}}/movie/all": BY_PROPOSAL,
    f"{_EM}/movie/{{movie_id}}/thumbnail": NO_IMAGE,
    f"{_BY_TOKEN}{_MOVIE}/thumbnail": NO_IMAGE,
    f"{_EM}/movie/{{movie_id}}/thumbnail/motioncorrection": NO_IMAGE,
    f"{_BY_TOKEN}{_MOVIE}/motioncorrection/thumbnail": NO_IMAGE,
    f"{_EM}/movie/{{movie_id}}/thumbnail/ctf": NO_IMAGE,
    f"{_BY_TOKEN}{_MOVIE}/ctf/thumbnail": NO_IMAGE,
    f"{_EM}/movie/{{movie_id}}/plot/motioncorrectiondrift": NO_IMAGE,
    f"{_BY_TOKEN}{_MOVIE}/motioncorrection/drift": NO_IMAGE,
    "/legacy/em/session/{session_id}/stats": BY_SESSION,
    "/legacy/{token}/proposal/{proposal}/em/session/{session_id}/stats": BY_SESSION,
    f"{_EM}/data_collections/{{data_collections_ids}}/stats": BY_PROPOSAL,
    f"{_EM}/data_collections_group/{{data_collections_group_id}}/stats": BY_PROPOSAL,
    f"{_EM}/session/{{session_id}}/data_collections/groups": BY_BOTH,
    f"{_BY_TOKEN}/session/{{session_id}}/list": BY_BOTH,
    "/legacy/em/session/{session_id}/classification": BY_SESSION,
    "/legacy/{token}/proposal/{proposal_id}/em/session/{session_id}/classification": BY_SESSION,
}
_BY_QUERY = (
    f"{_COUNTS}/data_collections/{{data_collections_ids}}/stats",
    f"{_COUNTS}/data_collections_group/{{data_collections_group_id}}/stats",
)
ROUTES = {
    **{f"GET {path}": Route(answers, _at_one(path)) for path, answers in _ROUTES.items()},
    **{f"GET {path}": Route(BY_PROPOSAL, _at_one(path, "?token={token}")) for path in _BY_QUERY},
}
