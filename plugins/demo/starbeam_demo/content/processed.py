"""What automatic processing makes of a data collection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from starbeam_demo.content.job import CELL, PIXEL, SPACE_GROUP, Job, Made, New, Ref
from starbeam_demo.kit import diffraction, logs, reflections, statistics
from starbeam_demo.kit.statistics import Shell
from starbeam_ispyb import models as m

PROGRAM, MESSAGE = "autoPROC", "Processing successful"
LOWEST = 4.0
"""In Å: data that end before this are not integrated."""


def processing(job: Job) -> Made:
    """The result of automatic processing, with its log and the merged reflections."""
    rng = job.random("processing")
    resolution = min(max(job.resolution, diffraction.HIGH), LOWEST)
    completeness, inner, outer = statistics.expected(rng, resolution)
    data = reflections.merged(rng, SPACE_GROUP, CELL, completeness, inner, outer)
    shells = statistics.shells(rng, data, inner, outer)
    files = {
        "Result": data.write(job.folder / f"{job.stem}_merged.mtz", job.wavelength),
        "Log": logs.processing(
            job.folder / f"{job.stem}_scaling.log",
            PROGRAM,
            MESSAGE,
            SPACE_GROUP,
            [shell.columns() for shell in shells],
        ),
    }
    attachments = (New(m.AutoProcProgramAttachment, _attachment(job, *one)) for one in files.items())
    return Made(rows=(New(m.AutoProcProgram, _program(job), "program"), *attachments, *_results(job, shells)))


def _attachment(job: Job, kind: str, file: Path) -> dict[str, Any]:
    return {
        "autoProcProgramId": Ref("program"),
        "fileType": kind,
        "fileName": file.name,
        "filePath": str(file.parent),
        "recordTimeStamp": job.end,
    }


def _program(job: Job) -> dict[str, Any]:
    return {
        "processingPrograms": PROGRAM,
        "processingStatus": "1",
        "processingMessage": MESSAGE,
        "processingCommandLine": f"process -d {job.folder}",
        "processingStartTime": job.end,
        "processingEndTime": job.end + timedelta(minutes=4),
        "recordTimeStamp": job.end,
    }


def _results(job: Job, shells: Sequence[Shell]) -> list[New]:
    """The integration, its cell, and the statistics of the scaled data."""
    cell = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), CELL, strict=True))
    integration = {
        "dataCollectionId": job.collection,
        "autoProcProgramId": Ref("program"),
        "startImageNumber": 1,
        "endImageNumber": job.images,
        "anomalous": 0,
        "refinedXBeam": round(job.geometry.beam[0] * PIXEL * 1000, 2),
        "refinedYBeam": round(job.geometry.beam[1] * PIXEL * 1000, 2),
        **{f"cell_{name}": value for name, value in cell.items()},
    }
    result = {
        "autoProcProgramId": Ref("program"),
        "spaceGroup": SPACE_GROUP,
        **{f"refinedCell_{name}": value for name, value in cell.items()},
    }
    link = {"autoProcScalingId": Ref("scaling"), "autoProcIntegrationId": Ref("integration")}
    return [
        New(m.AutoProcIntegration, integration, "integration"),
        New(m.AutoProc, result, "result"),
        New(m.AutoProcScaling, {"autoProcId": Ref("result"), "recordTimeStamp": job.end}, "scaling"),
        New(m.AutoProcScaling_has_Int, link),
        *(
            New(m.AutoProcScalingStatistics, {"autoProcScalingId": Ref("scaling"), **shell.columns()})
            for shell in shells
        ),
    ]
