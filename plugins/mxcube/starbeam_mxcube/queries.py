"""What MXCuBE looks for that no other plugin lists: SQL."""

from __future__ import annotations

from starbeam.api.database import Shape
from starbeam.api.lists import List
from starbeam_ispyb.models import Detector
from starbeam_mxcube import schemas

DETECTORS = List(Shape(schemas.Detector, Detector), Detector, missing="Detector not found", for_all=True)
"""No secret of anybody's."""
