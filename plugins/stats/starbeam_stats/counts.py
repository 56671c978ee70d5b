"""Numbers of data collections as they are answered: by outcome, by hour, by energy. Free of SQL."""

from __future__ import annotations

from starbeam.api.database import Reader
from starbeam.api.files import Files
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
    """What is done at which hour of the day. 1 statement."""
    means = {(kind, hour): mean for kind, hour, mean in await counts.hours(reader, extent)}
    return schemas.Hourlies(
        **{
            kind: schemas.Hourly(list(HOURS), [means.get((kind, hour), 0) for hour in HOURS])
            for kind in schemas.Hourlies.__struct_fields__
        }
    )


async def energies(reader: Reader, extent: Extent) -> schemas.ParameterHistograms:
    """How often which photon energy was used, by beamline. 1 statement."""
    edges = [LOWEST + WIDTH * place for place in range(BINS)]
    beamlines: dict[str | None, list[int]] = {}
    for beamline, place, number in await counts.energies(reader, extent):
        beamlines.setdefault(beamline, [0] * BINS)[place] += number
    histograms = [schemas.ParameterHistogram(name, edges, found) for name, found in beamlines.items()]
    return schemas.ParameterHistograms("energy", "eV", histograms)
