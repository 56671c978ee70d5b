"""Numbers of data collections as they are answered: by outcome, by hour, by energy. Free of SQL."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from starbeam.api.database import Reader, Rows, kept, keys_of
from starbeam.api.files import Files
from starbeam_ispyb.models import BLSession
from starbeam_stats import schemas
from starbeam_stats.messages import last_lines, messages
from starbeam_stats.queries import counts
from starbeam_stats.queries.counts import BINS, LOWEST, WIDTH
from starbeam_stats.queries.extent import Extent

HOURS = range(24)


async def errors(reader: Reader, files: Files, extent: Extent) -> schemas.Errors:
    """What went wrong, by experiment type. 2 statements."""
    outcomes = await counts.outcomes(reader, extent)
    logs = await counts.logs(reader, extent)
    said = await messages(await files.run(last_lines, logs, files)) if logs else {}
    totals = [
        schemas.ExperimentTypeGroup(
            kind,
            total,
            failed,
            aborted,
            said.get(kind, []),
            _percent(failed, total),
            _percent(aborted, total),
        )
        for kind, total, failed, aborted in sorted(outcomes)
    ]
    return schemas.Errors(totals)


def _percent(part: int, total: int) -> float:
    """With one decimal."""
    return round(100 * part / total, 1)


async def hourlies(reader: Reader, extent: Extent) -> schemas.Hourlies:
    """What is done at which hour of the day. 1 statement, none where many rows' hours are kept."""
    return await kept(reader, "hourlies", extent.values, partial(_hourlies, extent))


async def _hourlies(extent: Extent, reader: Rows) -> tuple[int, schemas.Hourlies]:
    found = await counts.hours(reader, extent)
    means = {(kind, hour): number / times for kind, hour, number, times in found}
    answer = schemas.Hourlies(
        **{
            kind: schemas.Hourly(list(HOURS), [means.get((kind, hour), 0) for hour in HOURS])
            for kind in schemas.Hourlies.__struct_fields__
        }
    )
    return sum(number for _, _, number, _ in found), answer


async def energies(reader: Reader, extent: Extent) -> schemas.ParameterHistograms:
    """How often which photon energy was used, by beamline. 1 statement, and one where a beamline's name is
    new; none where many rows' energies are kept."""
    return await kept(reader, "energies", extent.values, partial(_energies, extent))


async def _energies(extent: Extent, reader: Rows) -> tuple[int, schemas.ParameterHistograms]:
    edges = [LOWEST + WIDTH * place for place in range(BINS)]
    rows = await counts.energies(reader, extent)
    keys = await keys_of(reader, {BLSession.beamLineName: [beamline for beamline, _, _ in rows]}, few=True)
    found: dict[Hashable, schemas.ParameterHistogram] = {}
    for beamline, place, number in rows:
        new = schemas.ParameterHistogram(beamline, edges, [0] * BINS)
        histogram = found.setdefault(keys.of(BLSession.beamLineName, beamline), new)
        histogram.frequency[place] += number
    answer = schemas.ParameterHistograms("energy", "eV", list(found.values()))
    return sum(number for _, _, number in rows), answer
