"""`/stats`."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from starbeam.api import Invalid, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import asked
from starbeam.api.lists import Page, Paged
from starbeam_stats import breakdown, counts, schemas, times
from starbeam_stats.queries import runs
from starbeam_stats.queries.extent import Extent, SessionOrRun, Wanted, extent

A_SESSION = "Please provide either `session` or (`beamLineName` and `runId`)"
A_PROPOSAL_TOO = "Please provide either `proposal` or `session` or (`beamLineName` and `runId`)"
A_SESSION_OR_RUN = "Please provide either `session` or `runId`"


def _get(path: str, wanted: type[SessionOrRun]) -> get:
    """The decorator of an operation that is about the sessions that `wanted` names."""
    return get(
        path,
        tags=["Stats"],
        access=authenticated,
        dependencies={"wanted": asked(wanted)["filters"]},
        errors={404: "Session, proposal or run not found", 422: "It is not said which sessions are meant"},
    )


async def _extent(reader: Reader, wanted: SessionOrRun, sentence: str) -> Extent:
    """The sessions that are meant. 422 with the sentence when it is not said which."""
    of_run = wanted.beamLineName is not None and wanted.runId is not None
    of_proposal = isinstance(wanted, Wanted) and wanted.proposal is not None
    if not (of_run or of_proposal) and wanted.session is None and wanted.sessionId is None:
        raise Invalid(sentence)
    return await extent(reader, wanted)


@_get("/stats/breakdown", SessionOrRun)
async def get_breakdown(
    reader: NamedDependency[Reader], wanted: NamedDependency[SessionOrRun]
) -> schemas.Breakdown:
    """Get what happened in a session, or in a run on a beamline"""
    return await breakdown.breakdown(reader, await _extent(reader, wanted, A_SESSION))


@_get("/stats/times", Wanted)
async def get_times(reader: NamedDependency[Reader], wanted: NamedDependency[Wanted]) -> schemas.Times:
    """Get where the time went, of each session that has a data collection and on average"""
    return await times.times(reader, await _extent(reader, wanted, A_PROPOSAL_TOO))


@_get("/stats/errors", SessionOrRun)
async def get_errors(
    reader: NamedDependency[Reader], files: NamedDependency[Files], wanted: NamedDependency[SessionOrRun]
) -> schemas.Errors:
    """Get what went wrong, by experiment type"""
    return await counts.errors(reader, files, await _extent(reader, wanted, A_SESSION))


@_get("/stats/hourlies", Wanted)
async def get_hourlies(reader: NamedDependency[Reader], wanted: NamedDependency[Wanted]) -> schemas.Hourlies:
    """Get how many data collections start, and samples are loaded, at each hour of the day"""
    return await counts.hourlies(reader, await _extent(reader, wanted, A_PROPOSAL_TOO))


@_get("/stats/parameters/histogram", SessionOrRun)
async def get_parameter_histogram(
    reader: NamedDependency[Reader], wanted: NamedDependency[SessionOrRun]
) -> schemas.ParameterHistograms:
    """Get how often which photon energy was used, by beamline"""
    return await counts.energies(reader, await _extent(reader, wanted, A_SESSION_OR_RUN))


@get("/stats/runs", tags=["Stats"], access=authenticated)
async def get_runs(reader: NamedDependency[Reader], page: NamedDependency[Page]) -> Paged[schemas.VRun]:
    """Get a list of runs"""
    return await runs.page(reader, page)


handlers = [get_breakdown, get_times, get_errors, get_hourlies, get_parameter_histogram, get_runs]
