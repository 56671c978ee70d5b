"""Files that rows of the demo name: pictures, logs, results, spectra, the images of movies."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from starbeam.demo import Row
from starbeam_demo.content import recorded
from starbeam_demo.kit import logs, microscopy, pictures, reflections, spectra
from starbeam_demo.kit.alike import Alike
from starbeam_demo.kit.drawing import Line, plot, save
from starbeam_demo.kit.randomness import seeded
from starbeam_demo.kit.reflections import Cell, Quality
from starbeam_demo.measured import Jobs, change
from starbeam_demo.world import World
from starbeam_ispyb import models as m

MICROGRAPH = 256
"""Width and height of the micrographs, in pixels."""
KINDS = 4
"""How many different movies there are to see."""


async def write(world: World, jobs: Jobs) -> None:
    """Write what rows of these data collections, of their groups and of their sessions name."""
    await _pictures(world, jobs)
    await _logs(world, jobs)
    await _results(world, jobs)
    await _steps(world, jobs)
    await _movies(world, jobs)
    await _spectra(world, {one.job.session for one in jobs.values()})


async def _pictures(world: World, jobs: Jobs) -> None:
    """The first frame of each data collection, and its thumbnail."""
    query = select(m.Image).where(m.Image.dataCollectionId.in_(jobs))
    alike = Alike()
    for row in await world.session.scalars(query):
        job = jobs[row.dataCollectionId].job
        image = pictures.diffraction(recorded.different(job)[0])
        small = pictures.thumbnail(image)
        alike.write(job.series, row.jpegFileFullPath, partial(save, image))
        alike.write((job.series, "small"), row.jpegThumbnailFileFullPath, partial(save, small))


async def _logs(world: World, jobs: Jobs) -> None:
    files = m.DataCollectionFileAttachment
    for row in await world.session.scalars(select(files).where(files.dataCollectionId.in_(jobs))):
        one = jobs[row.dataCollectionId]
        failure = one.row["comments"] if "successful" not in one.row["runStatus"] else None
        file = _folder(row.fileFullPath)
        logs.collection(file, one.job.start, one.job.images, one.job.exposure, failure)


async def _results(world: World, jobs: Jobs) -> None:
    """What processing programs wrote: reflections, which their statistics count from now on, and logs."""
    program, integration, job, file = (
        m.AutoProcProgram,
        m.AutoProcIntegration,
        m.ProcessingJob,
        m.AutoProcProgramAttachment,
    )
    owner = integration.dataCollectionId, job.dataCollectionId
    query = (
        select(program.autoProcProgramId, program.processingPrograms, program.processingMessage, *owner)
        .outerjoin(integration, integration.autoProcProgramId == program.autoProcProgramId)
        .outerjoin(job, job.processingJobId == program.processingJobId)
        .where(or_(*(column.in_(jobs) for column in owner)))
    )
    programs = {row.autoProcProgramId: row for row in await world.session.execute(query)}
    crystals, shells = await _scaled(world, programs)
    counted = list[Row]()
    files = select(file.autoProcProgramId, file.filePath, file.fileName)
    found = files.where(file.autoProcProgramId.in_(programs)).order_by(file.importanceRank)
    for key, folder, name in await world.session.execute(found):
        _, title, message, integrated, requested = programs[key]
        path = _folder(f"{folder}/{name}")
        if path.suffix == ".mtz":
            wavelength = jobs[integrated or requested or 0].job.wavelength
            counted += _reflections(path, seeded("demo results", key), crystals[key], shells[key], wavelength)
        else:
            space_group = crystals[key].spaceGroup if key in crystals else ""
            table = list(shells.get(key, {}).values())
            logs.processing(path, title or "", message or "", space_group or "", table)
    await change(world, m.AutoProcScalingStatistics, counted)


async def _scaled(
    world: World, programs: Collection[int]
) -> tuple[dict[int, m.AutoProc], dict[int, dict[str, Row]]]:
    """What programs found, by their keys: the crystal, and the statistics by kind of shell."""
    result, scaling, table = m.AutoProc, m.AutoProcScaling, m.AutoProcScalingStatistics.__table__
    found = await world.session.scalars(select(result).where(result.autoProcProgramId.in_(programs)))
    crystals = {one.autoProcProgramId: one for one in found if one.autoProcProgramId}
    query = (
        select(result.autoProcProgramId, *table.c)
        .join(scaling, scaling.autoProcId == result.autoProcId)
        .join(table, table.c.autoProcScalingId == scaling.autoProcScalingId)
        .where(result.autoProcProgramId.in_(programs))
        .order_by(table.c.autoProcScalingStatisticsId)
    )
    shells: dict[int, dict[str, Row]] = defaultdict(dict)
    for row in (await world.session.execute(query)).mappings():
        shells[row["autoProcProgramId"]][row["scalingStatisticsType"]] = dict(row)
    return crystals, shells


def _reflections(
    file: Path, rng: np.random.Generator, crystal: m.AutoProc, shells: dict[str, Row], wavelength: float
) -> Iterator[Row]:
    """Write reflections as good as the statistics say; what then counts them, also in `shells`."""
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    cell = tuple(getattr(crystal, f"refinedCell_{name}") for name in names)
    inner, outer = (_quality(shells[kind]) for kind in ("innerShell", "outerShell"))
    complete = shells["overall"]["completeness"] / 100
    data = reflections.merged(rng, crystal.spaceGroup or "", cast(Cell, cell), complete, inner, outer)
    data.write(file, wavelength)
    for shell in shells.values():
        unique, share, signal = data.within(shell["resolutionLimitLow"], shell["resolutionLimitHigh"])
        new = {
            "nTotalUniqueObservations": unique,
            "nTotalObservations": round(unique * shell["multiplicity"]),
            "completeness": round(share, 1),
            "meanIOverSigI": round(signal, 1),
        }
        shell.update(new)
        yield {"key": shell["autoProcScalingStatisticsId"], **new}


def _quality(shell: Row) -> Quality:
    low, high = shell["resolutionLimitLow"], shell["resolutionLimitHigh"]
    return Quality(low, high, shell["completeness"] / 100, shell["meanIOverSigI"])


async def _steps(world: World, jobs: Jobs) -> None:
    """Results of workflow steps, as picture, data and page."""
    workflows = {one.group.get("workflowId"): one.job for one in jobs.values()}
    steps = select(m.WorkflowStep).where(m.WorkflowStep.workflowId.in_([key for key in workflows if key]))
    for row in await world.session.scalars(steps):
        x, y = microscopy.drift(seeded("demo step", row.workflowStepId), 30)
        title = row.workflowStepType or "Result"
        plot(_folder(row.imageResultFilePath), title, ("image", "score"), [Line("score", x, abs(y))])
        _folder(row.resultFilePath).write_text(json.dumps({"score": abs(y).round(3).tolist()}))
        page = f'<!doctype html><meta charset=utf-8><title>{title}</title><img src="result.png" alt="">\n'
        _folder(row.htmlResultFilePath).write_text(page, encoding="utf-8")


async def _movies(world: World, jobs: Jobs) -> None:
    """Micrographs, their power spectra and the drift of the specimen."""
    movie, correction, ctf = m.Movie, m.MotionCorrection, m.CTF
    drawn: dict[InstrumentedAttribute[Any], Callable[[int, Path], object]] = {
        movie.micrographSnapshotFullPath: _micrograph,
        correction.micrographSnapshotFullPath: _micrograph,
        correction.driftPlotFullPath: _drift,
        ctf.spectraImageThumbnailFullPath: _power,
    }
    query: Select[Any] = (
        select(movie.movieId, *drawn)
        .outerjoin(correction, correction.movieId == movie.movieId)
        .outerjoin(ctf, ctf.motionCorrectionId == correction.motionCorrectionId)
        .where(movie.dataCollectionId.in_(jobs))
    )
    alike = Alike()
    for key, *paths in await world.session.execute(query):
        kind = key % KINDS
        for path, draw in zip(paths, drawn.values(), strict=True):
            alike.write((draw, kind), path, partial(draw, kind))


def _micrograph(kind: int, file: Path) -> None:
    save(pictures.micrograph(seeded("demo micrograph", kind), MICROGRAPH), file)


def _power(kind: int, file: Path) -> None:
    save(pictures.thon_rings(seeded("demo spectrum", kind), 1.0 + kind / 4, MICROGRAPH), file)


def _drift(kind: int, file: Path) -> None:
    microscopy.write_drift(*microscopy.drift(seeded("demo drift", kind)), file)


async def _spectra(world: World, sessions: set[int]) -> None:
    """The files of the energy scans and fluorescence spectra of these sessions."""
    scans = select(m.EnergyScan).where(m.EnergyScan.sessionId.in_(sessions))
    for scan in await world.session.scalars(scans.where(m.EnergyScan.scanFileFullPath.is_not(None))):
        chance = seeded("demo edge", scan.energyScanId)
        stem = _folder(scan.scanFileFullPath).with_suffix("")
        spectra.write_scan(spectra.edge_scan(chance, scan.element or "Se"), stem)
    xfe = m.XFEFluorescenceSpectrum
    found = select(xfe).where(xfe.sessionId.in_(sessions), xfe.scanFileFullPath.is_not(None))
    for one in await world.session.scalars(found):
        chance = seeded("demo spectrum", one.xfeFluorescenceSpectrumId)
        stem = _folder(one.scanFileFullPath).with_suffix("")
        spectra.write_fluorescence(spectra.fluorescence(chance, one.energy or 12.7), stem)


def _folder(path: str | None) -> Path:
    """The file, in a folder that is there."""
    file = Path(path or "")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
