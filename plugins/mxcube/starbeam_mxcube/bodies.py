"""From what MXCuBE sends to columns: its own names and those of columns, of which the first count more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starbeam_acquisition.values import NoValue, key, number
from starbeam_mxcube.settings import MxcubeSettings

Body = Mapping[str, Any]

_HC = 12.3984
"""From the energy of photons in keV to their wavelength in Å."""
_NO_ANGLE = -9999.0
"""The angle of an axis that there is not."""
_ALWAYS_UNDEFINED = ("", "none", "null", "undefined")
_NAMES = {
    "status": "runStatus",
    "collection_start_time": "startTime",
    "detector_distance": "detectorDistance",
    "centringMethod": "centeringMethod",
    "actualCentringPosition": "actualCenteringPosition",
    "screening_sub_wedge_id": "strategySubWedgeOrigId",
    "workflow_id": "workflowId",
    "experiment_type": "experimentType",
    "detector_id": "detectorId",
}
_FILES = {
    "directory": "imageDirectory",
    "prefix": "imagePrefix",
    "suffix": "imageSuffix",
    "template": "fileTemplate",
    "run_number": "dataCollectionNumber",
}
_OSCILLATION = {
    "start": "axisStart",
    "range": "axisRange",
    "number_of_images": "numberOfImages",
    "start_image_number": "startImageNumber",
    "number_of_passes": "numberOfPasses",
    "exposure_time": "exposureTime",
    "kappaStart": "kappaStart",
    "phiStart": "phiStart",
}
_SETUP = {
    "synchrotron_name": "synchrotronName",
    "monochromator_type": "monochromatorType",
    "focusing_optic": "focusingOptic",
    "beam_divergence_vertical": "beamDivergenceVertical",
    "beam_divergence_horizontal": "beamDivergenceHorizontal",
    "minimum_exposure_time": "minExposureTimePerImage",
    "maximum_phi_speed": "goniostatMaxOscillationSpeed",
    "minimum_phi_oscillation": "goniostatMinOscillationWidth",
}
DETECTOR = {
    "manufacturer": "detectorManufacturer",
    "model": "detectorModel",
    "mode": "detectorMode",
    "type": "detectorType",
}
"""How a detector is asked for, and the columns."""


def of_collection(body: Body, settings: MxcubeSettings) -> dict[str, Any]:
    """A data collection, and its group, by column."""
    found = {**body, **_renamed(body, _NAMES), **_renamed(_object(body, "fileinfo"), _FILES)}
    found |= _oscillation(_first(body.get("oscillation_sequence")), settings)
    found["blSampleId"] = sample_of(body)
    found["experimentType"] = _experiment_type(body, found.get("experimentType"), settings)
    if (wavelength := _wavelength(body)) is not None:
        found["wavelength"] = wavelength
    if isinstance(resolution := body.get("resolution"), dict):
        found["resolution"] = resolution.get("lower", resolution.get("upper"))
    return found


def of_scan(body: Body) -> dict[str, Any]:
    """An energy scan or a spectrum, by column."""
    return {**body, "blSampleId": sample_of(body)}


def of_setup(body: Body, settings: MxcubeSettings) -> dict[str, Any]:
    """How a beamline is set up, by column."""
    found = {**body, **_renamed(body, _SETUP)}
    undulators = body.get("undulators")
    for place, one in enumerate(undulators[:3] if isinstance(undulators, list) else [], 1):
        found[f"undulatorType{place}"] = one.get("type") if isinstance(one, dict) else one
    if not found.get("synchrotronName"):
        found["synchrotronName"] = settings.synchrotron_name or None
    return found


def detector_of(body: Body) -> dict[str, str]:
    """What the detector of a set-up is found by."""
    sent = {name: body.get(f"detector_{name}") for name in DETECTOR}
    sent["mode"] = body.get("detector_binning_mode")
    return {DETECTOR[name]: text for name, value in sent.items() if (text := asked_for(value))}


def asked_for(value: Any) -> str | None:
    """The text by which something is looked for; None where MXCuBE has none."""
    text = str(value).replace("+", " ").strip() if value is not None else ""
    return None if text.casefold() in _ALWAYS_UNDEFINED else text


def sample_of(body: Body) -> int | None:
    """The sample that was measured."""
    direct = key(body.get("blSampleId"), "blSampleId")
    return direct or key(_object(body, "sample_reference").get("blSampleId"), "blSampleId")


def group_of(body: Body) -> int | None:
    """The group that is meant; MXCuBE sends the whole answer that told of it."""
    return _key(body, "dataCollectionGroupId", "group_id")


def collection_of(body: Body) -> int | None:
    """The data collection that is meant."""
    return _key(body, "dataCollectionId", "collection_id")


def _key(body: Body, column: str, name: str) -> int | None:
    return key(body.get(name), column) or key(body.get(column), column)


def _renamed(body: Body, names: Mapping[str, str]) -> dict[str, Any]:
    return {column: body[name] for name, column in names.items() if body.get(name) is not None}


def _object(body: Body, name: str) -> Body:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _first(listed: Any) -> Body:
    return listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}


def _oscillation(sequence: Body, settings: MxcubeSettings) -> dict[str, Any]:
    if not sequence:
        return {}
    found = dict(_renamed(sequence, _OSCILLATION))
    start, width, images = (_number(sequence.get(name)) for name in ("start", "range", "number_of_images"))
    offset = _number(sequence.get("offset"))
    if offset is not None:
        found["overlap"] = -offset
    if start is not None and width is not None and images is not None:
        found["axisEnd"] = start + (width + (offset or 0)) * images
    return found | dict(_axis(sequence, start, settings.rotation_axis))


def _axis(sequence: Body, start: float | None, fixed: str) -> Iterator[tuple[str, Any]]:
    """The axis that turns, and the angles of the others: those that there are not have their mark."""
    kappa = _number(sequence.get("kappaStart"))
    axis = fixed or ("Omega" if kappa not in (None, 0, _NO_ANGLE) else "Phi")
    yield "rotationAxis", axis
    if axis == "Omega" and start is not None:
        yield "omegaStart", start
    if axis == "Phi":
        for name in ("kappaStart", "phiStart"):
            if sequence.get(name) is None:
                yield name, _NO_ANGLE


def _experiment_type(body: Body, sent: Any, settings: MxcubeSettings) -> str | None:
    if body.get("helical") is True:
        return "Helical"
    text = str(sent or "").strip()
    spelled = {name.casefold(): value for name, value in settings.experiment_types.items()}
    return spelled.get(text.casefold(), text) or None


def _wavelength(body: Body) -> float | None:
    """The wavelength; else that of the energy, in keV or in eV."""
    if (wavelength := _number(body.get("wavelength"))) is not None:
        return wavelength
    energy = _number(body.get("energy"))
    if not energy or energy < 0:
        return None
    return _HC / (energy / 1000 if energy > 100 else energy)


def _number(value: Any) -> float | None:
    try:
        return number(value) if value is not None else None
    except NoValue:
        return None
