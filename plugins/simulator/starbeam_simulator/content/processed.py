"""What automatic processing makes of a data collection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from starbeam_ispyb import models as m
from starbeam_simulator.content.job import CELL, PIXEL, SPACE_GROUP, Job, Made, New, Ref
from starbeam_simulator.generators import logs, statistics
from starbeam_simulator.generators.statistics import Shell


def processing(job: Job) -> Made:
    """The result of automatic processing, with its log."""
    shells = statistics.shells(job.random("processing"), 1.8, CELL)
    file = logs.scaling(job.folder / f"{job.stem}_scaling.log", "autoPROC", SPACE_GROUP, shells)
    attachment = {
        "autoProcProgramId": Ref("program"),
        "fileType": "Log",
        "fileName": file.name,
        "filePath": str(file.parent),
        "recordTimeStamp": job.end,
    }
    program = New(m.AutoProcProgram, _program(job), "program")
    return Made(rows=(program, New(m.AutoProcProgramAttachment, attachment), *_results(job, shells)))


def _program(job: Job) -> dict[str, Any]:
    return {
        "processingPrograms": "autoPROC",
        "processingStatus": "1",
        "processingMessage": "Processing successful",
        "processingCommandLine": f"process -d {job.folder}",
        "processingStartTime": job.end,
        "processingEndTime": job.end + timedelta(minutes=4),
        "recordTimeStamp": job.end,
    }


def _results(job: Job, shells: Sequence[Shell]) -> list[New]:
    """The integration, its cell, and the statistics of the scaled data."""
    cell = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), (*CELL, 90.0, 90.0, 90.0), strict=True))
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
