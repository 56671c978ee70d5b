"""What the pipelines made of the demo's data collections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random

from starbeam.demo import Row
from starbeam_demo.world import World
from starbeam_ispyb import models as m
from starbeam_processing.models import ProcessingJobImageSweep, ProcessingJobParameter

PIPELINES = ("xia2 dials", "autoPROC", "fast_dp")
CELLS = (
    ("P 43 21 2", (78.9, 78.9, 37.1, 90.0, 90.0, 90.0)),
    ("C 2 2 21", (63.2, 104.8, 71.5, 90.0, 90.0, 90.0)),
    ("P 1 21 1", (44.6, 71.2, 57.8, 90.0, 104.3, 90.0)),
)
"""Space groups and cells, in Å and degrees."""
OUTCOMES = (("1", "processing successful"), ("0", "no indexing solution"), (None, "processing"))
"""Statuses with what the program says, the most frequent first."""
SHELLS = {"overall": 1.0, "innerShell": 0.4, "outerShell": 6.0}
"""By how much R factors differ from the overall ones."""
IMAGES = {"Characterization", "Mesh", "Still", "SSX-Jet", "EM"}
"""Experiment types that are not integrated."""


async def fill(world: World) -> None:
    """Characterisations of the data collections in `world.collections` that ask for one; of the rotations,
    runs of pipelines and requests to process them again."""
    rng, rows = world.random, world.collections
    characterised = [row for row in rows if row["experimentType"] == "Characterization"]
    await _screenings(world, characterised)
    rotations = [row for row in rows if row["experimentType"] not in IMAGES]
    runs = [(row, pipeline) for row in rotations for pipeline in PIPELINES if rng.random() < 0.6]
    wanted = [row for row in rotations if rng.random() < 0.15]
    jobs = await world.add(m.ProcessingJob, (_job(row) for row in wanted))
    await world.add(
        ProcessingJobParameter, (_parameter(job, name) for job in jobs for name in ("d_min", "spacegroup"))
    )
    await world.add(
        ProcessingJobImageSweep, (_sweep(job, row) for job, row in zip(jobs, wanted, strict=True))
    )
    made = [_program(rng, row, pipeline, None) for row, pipeline in runs]
    made += [_program(rng, row, "dimple", job) for row, job in zip(wanted, jobs, strict=True)]
    programs = await world.add(m.AutoProcProgram, made)
    await world.add(m.AutoProcProgramMessage, _messages(programs))
    folders = [row["imageDirectory"] for row, _ in runs] + [row["imageDirectory"] for row in wanted]
    await world.add(m.AutoProcProgramAttachment, _attachments(programs, folders))
    integrated = [(row, program) for (row, _), program in zip(runs, programs[: len(runs)], strict=True)]
    await _integrations(world, integrated)


async def _integrations(world: World, runs: list[tuple[Row, Row]]) -> None:
    """What came out of the runs: scaled data of the successful ones, an integration of all."""
    integrations = await world.add(
        m.AutoProcIntegration, (_integration(row, program) for row, program in runs)
    )
    done = [
        (row, integration)
        for (row, program), integration in zip(runs, integrations, strict=True)
        if program["processingStatus"] == "1"
    ]
    cells = await world.add(m.AutoProc, (_cell(integration) for _, integration in done))
    scalings = await world.add(m.AutoProcScaling, ({"autoProcId": cell["autoProcId"]} for cell in cells))
    links = (
        {
            "autoProcScalingId": scaling["autoProcScalingId"],
            "autoProcIntegrationId": integration["autoProcIntegrationId"],
        }
        for scaling, (_, integration) in zip(scalings, done, strict=True)
    )
    await world.add(m.AutoProcScaling_has_Int, links)
    statistics = (
        shell
        for scaling, (row, _) in zip(scalings, done, strict=True)
        for shell in _statistics(world.random, scaling, row)
    )
    await world.add(m.AutoProcScalingStatistics, statistics)


def _job(row: Row) -> Row:
    return {
        "dataCollectionId": row["dataCollectionId"],
        "displayName": "Dimple",
        "comments": "Asked for by the pipeline",
        "recordTimestamp": row["endTime"],
        "recipe": "postprocessing-dimple",
        "automatic": 1,
    }


def _parameter(job: Row, name: str) -> Row:
    value = {"d_min": "1.8", "spacegroup": "P43212"}[name]
    return {"processingJobId": job["processingJobId"], "parameterKey": name, "parameterValue": value}


def _sweep(job: Row, row: Row) -> Row:
    return {
        "processingJobId": job["processingJobId"],
        "dataCollectionId": row["dataCollectionId"],
        "startImage": row["startImageNumber"],
        "endImage": row["numberOfImages"],
    }


def _program(rng: Random, row: Row, pipeline: str, job: Row | None) -> Row:
    """A row of `AutoProcProgram`, begun when the collection had ended."""
    status, message = rng.choices(OUTCOMES, (85, 12, 3))[0]
    end = row["endTime"] + timedelta(minutes=rng.randint(2, 20))
    return {
        "processingJobId": job["processingJobId"] if job else None,
        "processingPrograms": pipeline,
        "processingCommandLine": f"{pipeline} image={row['imageDirectory']}/{row['fileTemplate']}",
        "processingEnvironment": "cluster",
        "processingMessage": message,
        "processingStatus": status,
        "processingStartTime": row["endTime"] + timedelta(minutes=1),
        "processingEndTime": end if status is not None else None,
        "recordTimeStamp": row["endTime"] + timedelta(minutes=1),
    }


def _messages(programs: list[Row]) -> Iterator[Row]:
    """Rows of `AutoProcProgramMessage`: an error of what failed, a remark on every tenth run."""
    for number, program in enumerate(programs):
        said = {
            "autoProcProgramId": program["autoProcProgramId"],
            "recordTimeStamp": program["recordTimeStamp"],
        }
        if program["processingStatus"] == "0":
            yield {**said, "severity": "ERROR", "message": "Indexing failed", "description": "Too few spots"}
        elif number % 10 == 0:
            yield {
                **said,
                "severity": "WARNING",
                "message": "Ice rings",
                "description": "Rings at 3.9 and 3.7 Å",
            }
        elif number % 10 == 1:
            yield {
                **said,
                "severity": "INFO",
                "message": "Cut at CC1/2 of 0.3",
                "description": "As configured",
            }


def _attachments(programs: list[Row], folders: list[str]) -> Iterator[Row]:
    """Rows of `AutoProcProgramAttachment`: a log of each run, and reflections of what was integrated."""
    for program, folder in zip(programs, folders, strict=True):
        name = program["processingPrograms"].split()[0]
        file = {
            "autoProcProgramId": program["autoProcProgramId"],
            "filePath": f"{folder}/{name}",
            "recordTimeStamp": program["recordTimeStamp"],
        }
        yield {**file, "fileName": f"{name}.log", "fileType": "Log", "importanceRank": 2}
        if program["processingStatus"] == "1" and not program["processingJobId"]:
            yield {**file, "fileName": "merged.mtz", "fileType": "Result", "importanceRank": 1}


def _integration(row: Row, program: Row) -> Row:
    return {
        "dataCollectionId": row["dataCollectionId"],
        "autoProcProgramId": program["autoProcProgramId"],
        "startImageNumber": row["startImageNumber"],
        "endImageNumber": row["numberOfImages"],
        "refinedXBeam": row["xBeam"] + 0.05,
        "refinedYBeam": row["yBeam"] - 0.05,
        "recordTimeStamp": row["endTime"],
    }


def _cell(integration: Row) -> Row:
    """A row of `AutoProc`: the same crystal form for every run on a data collection."""
    space_group, cell = CELLS[integration["dataCollectionId"] % len(CELLS)]
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    return {
        "autoProcProgramId": integration["autoProcProgramId"],
        "spaceGroup": space_group,
        **{f"refinedCell_{name}": value for name, value in zip(names, cell, strict=True)},
    }


def _statistics(rng: Random, scaling: Row, row: Row) -> Iterator[Row]:
    """Rows of `AutoProcScalingStatistics`, one for each shell: R factors that fit
    each other and the multiplicity, and are worse the further out."""
    high, merge, multiplicity = row["resolution"], rng.uniform(4, 9), rng.uniform(5, 13)
    limits = {"overall": (50.0, high), "innerShell": (50.0, high * 2.7), "outerShell": (high * 1.02, high)}
    unique = round(90_000 / high**3)
    for shell, worse in SHELLS.items():
        share = 1.0 if shell == "overall" else 0.05
        measured = merge * worse * (multiplicity / (multiplicity - 1)) ** 0.5
        yield {
            "autoProcScalingId": scaling["autoProcScalingId"],
            "scalingStatisticsType": shell,
            "comments": None,
            "resolutionLimitLow": round(limits[shell][0], 2),
            "resolutionLimitHigh": round(limits[shell][1], 2),
            "rMerge": round(merge * worse, 2),
            "rMeasAllIPlusIMinus": round(measured, 2),
            "rPimAllIPlusIMinus": round(merge * worse / (multiplicity - 1) ** 0.5, 2),
            "nTotalUniqueObservations": int(unique * share),
            "nTotalObservations": int(unique * share * multiplicity),
            "meanIOverSigI": round(70 / (merge * worse), 1),
            "completeness": round(99.6 - worse * 0.4, 1),
            "multiplicity": round(multiplicity, 1),
            "anomalousCompleteness": round(99.2 - worse * 0.5, 1),
            "anomalousMultiplicity": round(multiplicity / 2, 1),
            "anomalous": 1,
            "ccHalf": round(max(0.3, 1 - 0.002 * worse**3), 3),
            "ccAnomalous": round(0.4 / worse, 3),
            "ccAno": round(0.4 / worse, 3),
            "resIOverSigI2": round(high * 1.02, 2),
        }


async def _screenings(world: World, rows: list[Row]) -> None:
    """A screening of each of these data collections, and what it proposes."""
    screened = (
        {
            "dataCollectionId": row["dataCollectionId"],
            "bltimeStamp": row["endTime"] + timedelta(minutes=3),
            **_EDNA,
        }
        for row in rows
    )
    screenings = await world.add(m.Screening, screened)
    outputs = await world.add(
        m.ScreeningOutput, ({"screeningId": one["screeningId"], **_WELL} for one in screenings)
    )
    keys = [one["screeningOutputId"] for one in outputs]
    space_group, cell = CELLS[0]
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    lattice: Row = {f"unitCell_{name}": value for name, value in zip(names, cell, strict=True)}
    lattice |= {"spaceGroup": space_group.replace(" ", ""), "pointGroup": "422"}
    await world.add(m.ScreeningOutputLattice, ({"screeningOutputId": key, **lattice} for key in keys))
    ranked = {"rankingResolution": 1.9, "anomalous": 0}
    await world.add(m.ScreeningStrategy, ({"screeningOutputId": key, **ranked} for key in keys))
    wedge = {"wedgeNumber": 1, "resolution": 1.9, "completeness": 99.2, "multiplicity": 4.1}
    wedge |= {"doseTotal": 3.2, "numberOfImages": 900, "phi": 0.0, "kappa": 0.0, "chi": 0.0}
    await world.add(m.ScreeningStrategyWedge, ({"screeningStrategyId": key, **wedge} for key in keys))
    part = {"subWedgeNumber": 1, "rotationAxis": "Omega", "axisStart": 20.0, "axisEnd": 110.0}
    part |= {"exposureTime": 0.02, "transmission": 25.0, "oscillationRange": 0.1, "RESOLUTION": 1.9}
    part |= {"completeness": 99.2, "multiplicity": 4.1, "doseTotal": 3.2, "numberOfImages": 900}
    await world.add(m.ScreeningStrategySubWedge, ({"screeningStrategyWedgeId": key, **part} for key in keys))


_EDNA = {"programVersion": "EDNA MXv1", "comments": None, "shortComments": "EDNA"}
_WELL = {"indexingSuccess": 1, "strategySuccess": 1, "mosaicity": 0.3}
