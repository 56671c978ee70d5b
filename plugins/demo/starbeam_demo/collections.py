"""What is measured: data collections in their groups, and what else happens in a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from starbeam.demo import Row
from starbeam_demo.facility import BeamLine
from starbeam_demo.proposals import midnight

GROUPS = {"mx": (4, 30), "spectroscopy": (1, 12), "em": (1, 6)}
"""How few and how many groups a session has, by technique."""
BUSY, A_DAY = 25, 55
"""One session in so many at a beamline for crystals is busy, and then this is how many groups a day has."""
MINUTES = {"mx": (2, 10), "spectroscopy": (15, 80), "em": (60, 200)}
"""How long a group takes."""
TYPES = {
    "mx": ("OSC", "OSC", "OSC", "Characterization", "Mesh", "SAD", "MAD", "Helical"),
    "micro-focus": ("Mesh", "Mesh", "Still", "SSX-Jet", "OSC", "Helical"),
    "spectroscopy": ("Mesh",),
    "em": ("EM",),
}
"""Experiment types, the more frequent more often."""

SHIFT_STARTS, SHIFT_ENDS = timedelta(minutes=30), timedelta(hours=13, minutes=30)
"""When a session's day of measuring begins and ends, after the time of day at which the session began."""
LEAD, TRAIL = timedelta(minutes=8), timedelta(minutes=3)
"""What mounting and scans take before a group, and unmounting after it."""

HC = 12398.42
"""Photon energy times wavelength, in eV Å."""
EDGES = {"Se": 12658.0, "Zn": 9659.0, "Br": 13474.0, "Fe": 7112.0}
"""K edges, in eV."""
DISTANCE = 250.0
"""From sample to detector, in mm."""


def groups(
    rng: Random,
    session: Row,
    beamline: BeamLine,
    samples: Sequence[Row],
    now: datetime,
    count: int | None = None,
) -> Iterator[Row]:
    """Rows of `DataCollectionGroup`, one after the other in time, over the days of the session that are
    past: as many as `count` says."""
    wanted = rng.randint(*GROUPS[beamline.technique]) if count is None else count
    if count is None and beamline.technique == "mx" and session["sessionId"] % BUSY == 0:
        wanted = A_DAY * _days(session)
    kinds = TYPES["micro-focus" if beamline.micro_focus else beamline.technique]
    for number, (start, end) in enumerate(_times(rng, session, beamline, wanted, now)):
        sample = samples[number % len(samples)] if samples else None
        yield {
            "sessionId": session["sessionId"],
            "blSampleId": sample["blSampleId"] if sample else None,
            "experimentType": rng.choice(kinds),
            "startTime": start,
            "endTime": end,
            "actualSampleBarcode": sample["code"] if sample else None,
            "actualSampleSlotInContainer": int(sample["location"]) if sample else None,
            "comments": rng.choice((None, None, None, "Diffracts well", "Ice rings", "To be repeated")),
            "crystalClass": None,
            "detectorMode": None,
        }


def collections(rng: Random, group: Row, beamline: BeamLine, folder: Path, count: int = 1) -> Iterator[Row]:
    """Rows of `DataCollection`: a group's, one after the other; `folder` holds the session's files."""
    span = (group["endTime"] - group["startTime"]) / count
    for number in range(1, count + 1):
        start = _whole(group["startTime"] + (number - 1) * span)
        end = _whole(start + span * 0.9)
        fate = rng.choices(FATES, (92, 5, 3))[0]
        directory = folder / f"{group['dataCollectionGroupId']:06d}" / f"run_{number:02d}"
        measured = _microscopy if beamline.technique == "em" else _diffraction
        yield {
            "dataCollectionGroupId": group["dataCollectionGroupId"],
            "blSampleId": group["blSampleId"],
            "sessionId": group["sessionId"],
            "experimentType": group["experimentType"],
            "dataCollectionNumber": number,
            "startTime": start,
            "endTime": end,
            "runStatus": fate,
            "comments": None if fate == FATES[0] else rng.choice(REASONS),
            "imageDirectory": str(directory),
            "imagePrefix": f"group{group['dataCollectionGroupId']}",
            "startImageNumber": 1,
            "numberOfPasses": 1,
            "imageContainerSubPath": "1.1/measurement",
            "imageSizeX": beamline.detector[0],
            "imageSizeY": beamline.detector[1],
            **_snapshots(directory if beamline.technique == "mx" else None),
            **measured(rng, group, beamline, end - start),
        }


def _snapshots(folder: Path | None) -> Row:
    """Where the pictures of the crystal are."""
    return {
        f"xtalSnapshotFullPath{number}": str(folder / f"snapshot_{number}.png") if folder else None
        for number in range(1, 5)
    }


def workflow(group: Row, folder: Path) -> Row:
    """A row of `Workflow`: what measured a mesh."""
    return {
        "workflowTitle": "Mesh and collect",
        "workflowType": "MeshScan",
        "status": "Success",
        "comments": None,
        "resultFilePath": str(folder / f"workflow_{group['startTime']:%H%M%S}" / "result.json"),
        "recordTimeStamp": group["startTime"],
    }


FATES = ("Data collection successful", "Data collection aborted", "Data collection failed")
REASONS = ("Stopped by the user", "Detector not armed", "Beam lost", "Shutter closed by an interlock")

IMAGES = {"Characterization": (4, 1.0), "Mesh": (400, 0.0), "Still": (1000, 0.0), "SSX-Jet": (20000, 0.0)}
"""Number of images and degrees for each, by experiment type; 3600 of 0.1 degrees for all others."""


def _diffraction(rng: Random, group: Row, beamline: BeamLine, duration: timedelta) -> Row:
    images, width = IMAGES.get(group["experimentType"], (3600, 0.1))
    wavelength = round(beamline.wavelength * rng.uniform(0.99, 1.01), 5)
    resolution = round(rng.uniform(1.1, 3.2), 2)
    begin = float(rng.randrange(0, 180, 5))
    return dict.fromkeys(_MICROSCOPE) | {
        "numberOfImages": images,
        "imageSuffix": "h5",
        "fileTemplate": f"group{group['dataCollectionGroupId']}_master.h5",
        "exposureTime": round(duration.total_seconds() / images, 5),
        "axisStart": begin,
        "axisEnd": round(begin + images * width, 3),
        "axisRange": width,
        "overlap": 0.0,
        "rotationAxis": "Omega",
        "omegaStart": begin,
        "phiStart": 0.0,
        "kappaStart": float(rng.choice((0, 0, 24))),
        "chiStart": 0.0,
        "wavelength": wavelength,
        "resolution": resolution,
        "resolutionAtCorner": round(resolution * 0.8, 2),
        "detectorDistance": round(DISTANCE * rng.uniform(0.5, 1.5), 1),
        "xBeam": round(beamline.detector[0] * 0.0375, 2),
        "yBeam": round(beamline.detector[1] * 0.0375, 2),
        "transmission": float(rng.choice((1, 5, 10, 25, 100))),
        "synchrotronMode": "7/8 multibunch",
        "beamSizeAtSampleX": beamline.beam_size / 1000,
        "beamSizeAtSampleY": beamline.beam_size / 1000,
        "slitGapHorizontal": round(rng.uniform(0.02, 0.2), 3),
        "slitGapVertical": round(rng.uniform(0.02, 0.2), 3),
        "undulatorGap1": round(rng.uniform(6, 11), 3),
        "flux": round(rng.uniform(1, 20) * 1e11),
        "flux_end": round(rng.uniform(1, 20) * 1e11),
        "totalAbsorbedDose": round(rng.uniform(0.1, 20), 2),
        "beamShape": rng.choice(("ellipse", "rectangular")),
    }


_MICROSCOPE = ("voltage", "magnification", "particleDiameter", "minDefocus", "maxDefocus")
_DIFFRACTOMETER = (
    *("axisStart", "axisEnd", "axisRange", "overlap", "rotationAxis", "omegaStart", "phiStart", "kappaStart"),
    *("chiStart", "resolution", "resolutionAtCorner", "detectorDistance", "xBeam", "yBeam", "transmission"),
    *("synchrotronMode", "beamSizeAtSampleX", "beamSizeAtSampleY", "slitGapHorizontal", "slitGapVertical"),
    *("undulatorGap1", "flux", "flux_end", "totalAbsorbedDose", "beamShape"),
)


def _microscopy(rng: Random, group: Row, beamline: BeamLine, duration: timedelta) -> Row:
    return dict.fromkeys(_DIFFRACTOMETER) | {
        "numberOfImages": int(duration.total_seconds() // 20),
        "imageSuffix": "tiff",
        "fileTemplate": "FoilHole_*_fractions.tiff",
        "exposureTime": round(rng.uniform(2, 5), 1),
        "wavelength": beamline.wavelength,
        "voltage": 300.0,
        "magnification": rng.choice((105000, 130000, 165000)),
        "particleDiameter": float(rng.randrange(100, 400, 10)),
        "minDefocus": -0.8,
        "maxDefocus": -2.2,
    }


def robot_actions(rng: Random, group: Row) -> Iterator[Row]:
    """Rows of `RobotAction`: a sample is mounted before a group and unmounted after it."""
    mounting = group["startTime"] - LEAD
    unmounting = group["endTime"] + timedelta(minutes=1)
    for kind, start in (("LOAD", mounting), ("UNLOAD", unmounting)):
        status = rng.choices(("SUCCESS", "WARNING", "ERROR"), (95, 3, 2))[0]
        yield {
            "blsessionId": group["sessionId"],
            "blsampleId": group["blSampleId"],
            "actionType": kind,
            "startTimestamp": start,
            "endTimestamp": start + timedelta(seconds=rng.randint(25, 90)),
            "status": status,
            "message": {"WARNING": "Slow cool-down", "ERROR": "No pin detected on the goniometer"}.get(
                status
            ),
            "containerLocation": rng.randint(1, 16),
            "dewarLocation": rng.randint(1, 8),
            "sampleBarcode": group["actualSampleBarcode"],
        }


def energy_scan(rng: Random, group: Row, beamline: BeamLine, folder: Path) -> Row:
    """A row of `EnergyScan`: over an edge of the sample, just before a group."""
    element = rng.choice(list(EDGES))
    edge = EDGES[element]
    start = group["startTime"] - timedelta(minutes=4)
    path = folder / f"{group['dataCollectionGroupId']:06d}" / f"{element}_K"
    return {
        "sessionId": group["sessionId"],
        "blSampleId": group["blSampleId"],
        "element": element,
        "edgeEnergy": f"{edge:.0f}",
        "fluorescenceDetector": "Vortex",
        "startEnergy": (edge - 50) / 1000,
        "endEnergy": (edge + 50) / 1000,
        "peakEnergy": (edge + 3) / 1000,
        "peakFPrime": round(rng.uniform(-8.5, -7), 2),
        "peakFDoublePrime": round(rng.uniform(4, 7), 2),
        "inflectionEnergy": edge / 1000,
        "inflectionFPrime": round(rng.uniform(-11, -9), 2),
        "inflectionFDoublePrime": round(rng.uniform(2, 4), 2),
        "remoteEnergy": (edge + 200) / 1000,
        "exposureTime": 0.1,
        "transmissionFactor": float(rng.choice((1, 5, 10))),
        "synchrotronCurrent": round(rng.uniform(150, 200), 1),
        "temperature": 100.0,
        "xrayDose": round(rng.uniform(0.01, 0.2), 3),
        "beamSizeHorizontal": beamline.beam_size / 1000,
        "beamSizeVertical": beamline.beam_size / 1000,
        "flux": round(rng.uniform(1, 9) * 1e10),
        "startTime": start,
        "endTime": start + timedelta(seconds=rng.randint(40, 110)),
        "scanFileFullPath": f"{path}.raw",
        "choochFileFullPath": f"{path}.efs",
        "jpegChoochFileFullPath": f"{path}.png",
        "filename": path.name,
        "comments": rng.choice((None, "Clear white line")),
    }


def spectrum(rng: Random, group: Row, beamline: BeamLine, folder: Path) -> Row:
    """A row of `XFEFluorescenceSpectrum`: of the sample, just before a group."""
    start = group["startTime"] - timedelta(minutes=6)
    path = folder / f"{group['dataCollectionGroupId']:06d}" / "xrf"
    return {
        "sessionId": group["sessionId"],
        "blSampleId": group["blSampleId"],
        "startTime": start,
        "endTime": start + timedelta(seconds=rng.randint(15, 60)),
        "energy": round(HC / beamline.wavelength / 1000, 4),
        "exposureTime": float(rng.choice((1, 5, 10))),
        "beamTransmission": round(rng.uniform(0.1, 5), 2),
        "beamSizeHorizontal": beamline.beam_size / 1000,
        "beamSizeVertical": beamline.beam_size / 1000,
        "flux": round(rng.uniform(1, 9) * 1e10),
        "filename": path.name,
        "workingDirectory": str(path.parent),
        "scanFileFullPath": f"{path}.dat",
        "fittedDataFileFullPath": f"{path}_fit.csv",
        "jpegScanFileFullPath": f"{path}.png",
        "annotatedPymcaXfeSpectrum": f"{path}.html",
        "comments": rng.choice((None, "Zn and Ni present")),
    }


def _times(
    rng: Random, session: Row, beamline: BeamLine, wanted: int, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When the groups of a session start and end: spread evenly over the measuring hours of its days."""
    starts = [session["startDate"] + timedelta(days=day) for day in range(_days(session))]
    over = [start for start in starts if start + SHIFT_ENDS <= min(now, session["endDate"])]
    for index, start in enumerate(over):
        today = (wanted + len(over) - 1 - index) // len(over)
        slot = (SHIFT_ENDS - SHIFT_STARTS) / max(today, 1)
        for number in range(today):
            longest = slot - LEAD - TRAIL
            duration = min(longest, timedelta(minutes=rng.uniform(*MINUTES[beamline.technique])))
            begin = start + SHIFT_STARTS + number * slot + LEAD + (longest - duration) * rng.random()
            yield _whole(begin), _whole(begin + duration)


def _days(session: Row) -> int:
    """On how many days a session measures."""
    return (midnight(session["endDate"]) - midnight(session["startDate"])).days or 1


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)
