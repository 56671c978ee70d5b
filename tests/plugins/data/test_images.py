"""Pixels, headers and histograms of detector images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fabio
import h5py
import numpy as np
import pytest

from support.detector import HEADER, MASKED, frames, write_cbf, write_eiger, write_image

pytestmark = pytest.mark.anyio

IMAGES = "/data/images"


async def test_pixels_of_an_eiger_are_those_that_h5py_reads(beamline: Any) -> None:
    images = frames(5)
    master = write_eiger(beamline.folder, images, per_file=2)
    key = await beamline.collect(master.name, 5)
    for number in range(1, 6):
        answer = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=number)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-length"] == str(6 * 8 * 4)
        with h5py.File(master) as file:
            part = file[f"entry/data/data_{(number + 1) // 2:06d}"][(number - 1) % 2]
        assert np.array_equal(part, images[number - 1])
        assert answer.content == part.astype("<f4").tobytes()
        assert np.frombuffer(answer.content, "<f4")[0] == np.float32(MASKED)
