"""What the pipelines made of the demo's data collections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import cast

from starbeam.api.demo import Row
from starbeam_demo import files
from starbeam_demo.kit import logs
from starbeam_demo.kit.randomness import seeded
from starbeam_demo.kit.reflections import Cell, Merged, Quality, merged
from starbeam_demo.world import World
from starbeam_ispyb import models as m
from starbeam_processing.models import ProcessingJobImageSweep, ProcessingJobParameter

PIPELINES = ("xia2 dials", "autoPROC", "fast_dp")
FORMS = (
    ("P 43 21 2", (78.9, 78.9, 37.1, 90.0, 90.0, 90.0)),
    ("C 2 2 21", (63.2, 104.8, 71.5, 90.0, 90.0, 90.0)),
    ("P 1 21 1", (44.6, 71.2, 57.8, 90.0, 104.3, 90.0)),
)
"""Space groups and cells, in Å and degrees."""
CELL = ("a", "b", "c", "alpha", "beta", "gamma")
REFLECTIONS = "merged.mtz"
OUTCOMES = (("1", "processing successful"), ("0", "no indexing solution"), (None, "processing"))
"""Statuses with what the program says, the most frequent first."""
SHELLS = {"overall": 1.0, "innerShell": 0.4, "outerShell": 6.0}
"""By how much R factors differ from the overall ones."""
IMAGES = {"Characterization", "Mesh", "Still", "SSX-Jet", "EM"}
"""Experiment types that are not integrated."""


async def fill(world: World) -> None:
    """Characterisations of the data collections that ask for one; of the rotations, runs of pipelines and
    requests to process them again."""
    rng, rows = world.random, world.collections
    await _screenings(world, [row for row in rows if row["experimentType"] == "Characterization"])
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
    of_programs = [row for row, _ in runs] + wanted
    scaled = await _integrations(world, list(zip(of_programs, programs, strict=True))[: len(runs)])
    await world.add(m.AutoProcProgramAttachment, _attachments(world, programs, of_programs, scaled))


async def _integrations(world: World, runs: list[tuple[Row, Row]]) -> dict[int, Scaled]:
    """What came out of the runs: an integration of all, and scaled data of the good ones, by program."""
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
    scaled = {
        cell["autoProcProgramId"]: Scaled(world, row, cell, list(_statistics(world.random, scaling, row)))
        for cell, scaling, (row, _) in zip(cells, scalings, done, strict=True)
    }
    await world.add(m.AutoProcScalingStatistics, (shell for one in scaled.values() for shell in one.shells))
    return scaled


class Scaled:
    """The crystal and the statistics of a run; where there are files these count its reflections."""

    def __init__(self, world: World, row: Row, cell: Row, shells: list[Row]) -> None:
        self.space_group, self.shells = cell["spaceGroup"], shells
        self.wavelength = row["wavelength"]
        self.data: Merged | None = None
        if row["dataCollectionId"] in world.jobs:
            inner, outer = (_quality(shell) for shell in shells[1:])
            edges = cast(Cell, tuple(cell[f"refinedCell_{name}"] for name in CELL))
            chance = seeded("demo results", cell["autoProcProgramId"])
            complete = shells[0]["completeness"] / 100
            self.data = merged(chance, self.space_group, edges, complete, inner, outer)
            self.shells = [shell | _counted(self.data, shell) for shell in shells]


def _quality(shell: Row) -> Quality:
    low, high = shell["resolutionLimitLow"], shell["resolutionLimitHigh"]
    return Quality(low, high, shell["completeness"] / 100, shell["meanIOverSigI"])


def _counted(data: Merged, shell: Row) -> Row:
    unique, share, signal = data.within(shell["resolutionLimitLow"], shell["resolutionLimitHigh"])
    return {
        "nTotalUniqueObservations": unique,
        "nTotalObservations": round(unique * shell["multiplicity"]),
        "completeness": round(share, 1),
        "meanIOverSigI": round(signal, 1),
    }


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


def _attachments(
    world: World, programs: list[Row], rows: list[Row], scaled: dict[int, Scaled]
) -> Iterator[Row]:
    """Rows of `AutoProcProgramAttachment`: a log of each run, and reflections of what was integrated."""
    for program, row in zip(programs, rows, strict=True):
        name = program["processingPrograms"].split()[0]
        folder, result = f"{row['imageDirectory']}/{name}", scaled.get(program["autoProcProgramId"])
        if row["dataCollectionId"] in world.jobs:
            _write(files.place(f"{folder}/{name}.log"), program, result)
        file = {
            "autoProcProgramId": program["autoProcProgramId"],
            "filePath": folder,
            "recordTimeStamp": program["recordTimeStamp"],
        }
        yield {**file, "fileName": f"{name}.log", "fileType": "Log", "importanceRank": 2}
        if result:
            yield {**file, "fileName": REFLECTIONS, "fileType": "Result", "importanceRank": 1}


def _write(log: Path, program: Row, result: Scaled | None) -> None:
    """The log of a run, and the reflections beside it."""
    found = (result.space_group, result.shells) if result else ("", [])
    logs.processing(log, program["processingPrograms"], program["processingMessage"], *found)
    if result and result.data:
        result.data.write(log.with_name(REFLECTIONS), result.wavelength)


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
    space_group, cell = FORMS[integration["dataCollectionId"] % len(FORMS)]
    return {
        "autoProcProgramId": integration["autoProcProgramId"],
        "spaceGroup": space_group,
        **{f"refinedCell_{name}": value for name, value in zip(CELL, cell, strict=True)},
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
    space_group, cell = FORMS[0]
    lattice: Row = {f"unitCell_{name}": value for name, value in zip(CELL, cell, strict=True)}
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
