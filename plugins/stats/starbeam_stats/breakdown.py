"""The breakdown: an overview, the history, and what is plotted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from starbeam.api.database import Reader
from starbeam_stats import schemas
from starbeam_stats.energy import electron_volts
from starbeam_stats.queries import history
from starbeam_stats.queries.extent import Extent
from starbeam_stats.queries.history import PLOTTED, Measured, timed

HOUR = 3600
EVENTS = ("robot", "edge", "xrf")


async def breakdown(reader: Reader, extent: Extent) -> schemas.Breakdown:
    """What happened in a session or run. At most 8 statements."""
    return (await with_keys(reader, extent))[0]


async def with_keys(reader: Reader, extent: Extent) -> tuple[schemas.Breakdown, list[int]]:
    """That, and the keys of the data collections, with which the history begins."""
    measured = await history.measured(reader, extent)
    events = {kind: await history.events(reader, extent, kind) for kind in EVENTS}
    points = [*measured.points, *(point for kind in EVENTS for point in events[kind] if timed(point))]
    points += await history.others(reader, extent)
    counts = _counts(measured, {kind: len(events[kind]) for kind in EVENTS})
    found = schemas.Breakdown(_overview(extent, counts), points, _plottables(measured))
    return found, measured.keys


def _overview(
    extent: Extent, counts: schemas.BreakdownOverviewCounts
) -> schemas.BreakdownOverviewSession | schemas.BreakdownOverviewRun:
    if (session := extent.session) is not None:
        return schemas.BreakdownOverviewSession(
            session.startDate,
            session.endDate,
            hours(session.seconds),
            session.beamLineName,
            str(session.sessionId),
            session.name,
            counts,
        )
    run = extent.run
    if run is None:
        raise LookupError("a breakdown is of a session or a run")
    return schemas.BreakdownOverviewRun(run.startDate, run.endDate, hours(run.seconds), run.run, counts)


def hours(seconds: int | None) -> float:
    """Hours; 0 where a time is missing, or the end comes first."""
    return max(float(seconds or 0), 0.0) / HOUR


def _counts(measured: Measured, events: Mapping[str, int]) -> schemas.BreakdownOverviewCounts:
    points = measured.points
    types = Counter("null" if point.subType is None else point.subType for point in points)
    return schemas.BreakdownOverviewCounts(len(points), measured.failed, dict(types), **events)


def _plottables(measured: Measured) -> schemas.BreakdownPlottables:
    """The photon energy in eV, and five columns as they are, one value for each data collection."""
    values = zip(*measured.plotted, strict=True) if measured.plotted else [()] * (1 + len(PLOTTED))
    wavelengths, *columns = map(list, values)
    energies = [None if energy is None else round(energy) for energy in map(electron_volts, wavelengths)]
    series = [
        schemas.BreakdownPlottable(title, data)
        for title, data in zip(("energy", *PLOTTED), (energies, *columns), strict=True)
    ]
    return schemas.BreakdownPlottables([point.startTime for point in measured.points], series)
