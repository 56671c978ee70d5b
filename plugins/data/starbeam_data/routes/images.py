"""The images of a data collection: which files hold them, and what readers make of these."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Any

from litestar import Request, Response

from starbeam.api import Invalid, Missing
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam_data import queries
from starbeam_data.numbering import numbered
from starbeam_data.protocol import AnyJob, Thumbnail
from starbeam_data.routes.sending import DataAnswer, Sender

NO_IMAGE = "Image not found"
HDF5 = (".h5", ".hdf5", ".hdf", ".nxs", ".nx5", ".nexus", ".cxi")
UNREADABLE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 220">
<rect width="220" height="220" fill="#e2e2ce"/>
<g fill="#333" font-family="sans-serif" font-size="14" text-anchor="middle">
<text x="110" y="106">The image cannot be read,</text><text x="110" y="126">or not yet.</text></g></svg>"""
IMAGE_ERRORS = {404: NO_IMAGE, 422: "The request is not valid, or the image cannot be read"}


class Images:
    """The images of a data collection, for one request."""

    def __init__(self, reader: Reader, files: Files, sender: Sender, request: Request[Any, Any, Any]) -> None:
        self._reader, self._files, self._sender, self._request = reader, files, sender, request

    async def answer(
        self, data_collection_id: int | None, number: int, job: Callable[[str, bool, int | None, int], AnyJob]
    ) -> DataAnswer:
        """What a job makes of an image. Raises Missing where there is none."""

        def of_one(place: tuple[str, bool, int | None, int], count: int, following: list[str]) -> AnyJob:
            return job(*place)

        return await self.sum(data_collection_id, number, 1, of_one)

    async def thumbnail(self, data_collection_id: int, number: int) -> Response[Any]:
        """A small picture of an image; where it cannot be read, one that says so. Raises Missing where there
        is none."""
        made = await self._made(
            data_collection_id, number, 1, lambda place, count, following: Thumbnail(*place, count, following)
        )
        try:
            return await self._sender.answer(made, self._files, self._request)
        except (Missing, Invalid):
            headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
            return Response(UNREADABLE, media_type="image/svg+xml", headers=headers)

    async def sum(
        self,
        data_collection_id: int | None,
        number: int,
        count: int,
        job: Callable[[tuple[str, bool, int | None, int], int, list[str]], AnyJob],
    ) -> DataAnswer:
        """What a job makes of so many images from this one on, or of as many as there are. Raises Missing
        where this one is not there."""
        made = await self._made(data_collection_id, number, count, job)
        return await self._sender.answer(made, self._files, self._request)

    async def _made(
        self,
        data_collection_id: int | None,
        number: int,
        count: int,
        job: Callable[[tuple[str, bool, int | None, int], int, list[str]], AnyJob],
    ) -> AnyJob:
        """A job, told which files to look at. Raises Missing where the first image is not there."""
        found = await queries.images(self._reader, data_collection_id)
        await self._reader.rest()
        if found is None or not found.holds(number):
            raise Missing(NO_IMAGE)
        numbers = list(takewhile(found.holds, range(number, number + count)))
        file, shared, following = await self._files.run(located, self._files, found, numbers)
        if file is None:
            raise Missing(NO_IMAGE)
        in_hdf5 = found.template.lower().endswith(HDF5)
        place = (number, number - found.first) if shared else (None, 0)
        there = len(numbers) if shared else 1 + len(following)
        return job((str(file), in_hdf5, *place), there, following)


def candidates(images: queries.Images, number: int) -> list[str]:
    """Where the file of an image may be: that of all, and that which it has for itself."""
    names = images.template, numbered(images.template, number)
    return [posixpath.join(images.folder, name) for name in names if name]


def located(files: Files, images: queries.Images, numbers: list[int]) -> tuple[Path | None, bool, list[str]]:
    """The file that holds the first of some images, whether it holds all, and if not, those of the others, up
    to one that is missing. Blocks."""
    if file := files.locate(posixpath.join(images.folder, images.template)):
        return file, True, []
    named = (numbered(images.template, number) for number in numbers)
    found = takewhile(bool, (files.locate(name and posixpath.join(images.folder, name)) for name in named))
    first, *following = *found, None
    return first, False, [str(one) for one in following if one]
