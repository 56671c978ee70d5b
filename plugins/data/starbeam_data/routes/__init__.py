"""`/data/images`, `/data/frames` and `/data/h5grove`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from starbeam.api import Forbidden, Invalid, Missing, Refusal, Unavailable, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import refusal
from starbeam.api.lists import LARGEST, query_id
from starbeam_data import queries, schemas
from starbeam_data.protocol import (
    AnyJob,
    Attributes,
    Header,
    Histogram,
    Look,
    Metadata,
    Paths,
    Pixels,
    Plane,
    PlaneHistogram,
    Statistics,
    Values,
)
from starbeam_data.readers import Readers
from starbeam_data.routes import frames
from starbeam_data.routes.images import IMAGE_ERRORS, Images
from starbeam_data.routes.requests import DTYPES, FORMATS, links, one_of, parts
from starbeam_data.routes.sending import DataAnswer, Sender

NO_FILE = "File not found"
FORBIDDEN = "Cannot read file: Permission denied!"

DataCollectionId = Annotated[int | None, query_id("Data collection id to filter by")]
COUNTED = "As the beamline counts"
FROM_1 = {"exclusive_minimum": 0, "minimum": None}
"""What clients know of the numbers of images, though a beamline may begin with 0."""
ImageNumber = Annotated[int, QueryParameter(ge=-LARGEST - 1, le=LARGEST, description=COUNTED)]
NodePath = Annotated[str, QueryParameter(description="The node in the file")]
Selection = Annotated[
    str | None, QueryParameter(description="A part of the data, as NumPy writes it: `3,:,0:10:2`")
]
ERRORS = {
    403: "The server may not read the file",
    404: "No such file, node or attribute",
    422: "The request is not valid, or does not fit what is in the file",
    503: "Reading takes too long, or fails",
}


class Grove:
    """The HDF5 file that a request names."""

    def __init__(
        self,
        reader: Reader,
        files: Files,
        sender: Sender,
        request: Request[Any, Any, Any],
        rows: tuple[int | None, int | None, int | None],
        meta_form: str,
    ) -> None:
        self._reader, self._files, self._sender, self._request = reader, files, sender, request
        self._rows, self._meta_form = rows, meta_form

    @property
    def flat(self) -> bool:
        """Whether metadata have the form of h5grove before its version 2."""
        return self.with_slash and self._meta_form == "old"

    @property
    def with_slash(self) -> bool:
        """Whether the path ends with a slash, as h5web before 17 asks."""
        path: str = self._request.scope["state"]["path"]
        return path.endswith("/")

    async def answer(self, job: Callable[[str], AnyJob]) -> DataAnswer:
        """What a job makes of the file. Raises Missing, Forbidden, Invalid."""
        path = await queries.hdf5_file(self._reader, *self._rows)
        await self._reader.rest()
        file = await self._files.run(self._files.place, path)
        if file is None:
            raise Missing(NO_FILE)
        if not await self._files.run(readable, file):
            raise Forbidden(FORBIDDEN)
        return await self._sender.answer(job(str(file)), self._files, self._request)


def _counts(schema: type) -> ResponseSpec:
    return ResponseSpec(schema, description="The histogram", generate_examples=False)


@get(
    "/images",
    tags=["Data"],
    access=authenticated,
    errors=IMAGE_ERRORS,
    media_type="application/octet-stream",
    response_description="The pixels",
)
async def get_image(
    images: NamedDependency[Images],
    imageNumber: Annotated[int, QueryParameter(ge=0, le=LARGEST, description=COUNTED, schema_extra=FROM_1)],
    dataCollectionId: DataCollectionId = None,
) -> DataAnswer:
    """Get raw image data

    Little-endian 32-bit floats, row after row. Width and height are in the header.
    """
    try:
        return await images.answer(dataCollectionId, imageNumber, Pixels)
    except Missing as error:
        if imageNumber == 0:
            raise Invalid("Expected `int` >= 1", ["query", "imageNumber"]) from error
        raise


@get("/images/header", tags=["Data"], access=authenticated, errors=IMAGE_ERRORS)
async def get_image_header(
    images: NamedDependency[Images], imageNumber: ImageNumber, dataCollectionId: DataCollectionId = None
) -> DataAnswer:
    """Get image header"""
    return await images.answer(dataCollectionId, imageNumber, Header)


@get(
    "/images/histogram",
    tags=["Data"],
    access=authenticated,
    errors=IMAGE_ERRORS,
    responses={
        200: ResponseSpec(schemas.ImageHistogram, description="The histogram", generate_examples=False)
    },
)
async def get_image_histogram(
    images: NamedDependency[Images], imageNumber: ImageNumber, dataCollectionId: DataCollectionId = None
) -> DataAnswer:
    """Get image histogram data"""
    return await images.answer(dataCollectionId, imageNumber, Histogram)


@get("/attr", tags=["Data"], access=authenticated, errors=ERRORS, slash=True)
async def get_attr(
    grove: NamedDependency[Grove],
    path: NodePath = "/",
    attr_keys: Annotated[list[str] | None, QueryParameter(description="Names of attributes")] = None,
) -> DataAnswer:
    """h5grove /attr/ endpoint handler"""
    return await grove.answer(lambda file: Attributes(file, path, attr_keys))


@get("/data", tags=["Data"], access=authenticated, errors=ERRORS, slash=True)
async def get_data(
    grove: NamedDependency[Grove],
    path: NodePath = "/",
    dtype: Annotated[str, QueryParameter(description="origin, or safe for JavaScript")] = "origin",
    format: Annotated[str, QueryParameter(description="json, bin, npy, csv or tiff")] = "json",
    flatten: Annotated[bool, QueryParameter(description="In one dimension")] = False,
    selection: Selection = None,
) -> DataAnswer:
    """h5grove /data/ endpoint handler"""
    one_of("format", format, FORMATS)
    one_of("dtype", dtype, DTYPES)
    taken, narrow = parts(selection), grove.with_slash
    return await grove.answer(lambda file: Values(file, path, taken, dtype, format, flatten, narrow))


@get("/meta", tags=["Data"], access=authenticated, errors=ERRORS, slash=True)
async def get_meta(
    grove: NamedDependency[Grove],
    path: NodePath = "/",
    resolve_links: Annotated[str, QueryParameter(description="only_valid, all or none")] = "only_valid",
) -> DataAnswer:
    """h5grove /meta/ endpoint handler"""
    resolved, flat = links(resolve_links), grove.flat
    return await grove.answer(lambda file: Metadata(file, path, resolved, flat))


@get("/stats", tags=["Data"], access=authenticated, errors=ERRORS, slash=True)
async def get_stats(
    grove: NamedDependency[Grove], path: NodePath = "/", selection: Selection = None
) -> DataAnswer:
    """h5grove /stats/ endpoint handler"""
    taken = parts(selection)
    return await grove.answer(lambda file: Statistics(file, path, taken))


@get("/paths", tags=["Data"], access=authenticated, errors=ERRORS, slash=True)
async def get_paths(grove: NamedDependency[Grove], path: NodePath = "/") -> DataAnswer:
    """h5grove /paths/ endpoint handler"""
    return await grove.answer(lambda file: Paths(file, path))


@get(
    "/picture",
    tags=["Data"],
    access=authenticated,
    errors=ERRORS,
    media_type="image/png",
    response_description="The picture",
    response_headers=frames.HEADERS_OF_PLANE,
    dependencies={"look": Provide(frames.look)},
)
async def get_picture(
    grove: NamedDependency[Grove],
    look: NamedDependency[Look],
    path: NodePath = "/",
    selection: Selection = None,
    width: frames.Width = 1024,
) -> DataAnswer:
    """Get two dimensions of a data set as a picture

    The first row is at the top. The largest value of a type without a sign, of 16 bits and more, is what
    detectors write where they measure nothing; every other number is a measurement.
    """
    taken = parts(selection)
    return await grove.answer(lambda file: Plane(file, path, taken, width, look))


@get(
    "/histogram",
    tags=["Data"],
    access=authenticated,
    errors=ERRORS,
    responses={200: _counts(schemas.PlaneHistogram)},
)
async def get_plane_histogram(
    grove: NamedDependency[Grove], path: NodePath = "/", selection: Selection = None
) -> DataAnswer:
    """Get how often which values occur in two dimensions of a data set

    In equal steps between the thousandths at both ends, which are left out; of whole numbers in steps of 1
    where there are few. Of many numbers that are no counts, about a million of all of them.
    """
    taken = parts(selection)
    return await grove.answer(lambda file: PlaneHistogram(file, path, taken))


def readable(file: Path) -> bool:
    """Whether the server may read a file. Blocks."""
    return os.access(file, os.R_OK)


def _told_to_h5web(request: Request[Any, Any, Any], error: Refusal) -> Response[Any]:
    """The answer of a refusal about a file, with `message`, where h5web looks for the reason."""
    answer = refusal(error)
    if isinstance(answer.content["detail"], str):
        answer.content["message"] = answer.content["detail"]
    return answer


_GROVE = Router(
    "/h5grove",
    route_handlers=[get_attr, get_data, get_meta, get_stats, get_paths, get_picture, get_plane_histogram],
    exception_handlers=dict.fromkeys((Missing, Forbidden, Invalid, Unavailable), _told_to_h5web),
)

handlers: list[ControllerRouterHandler] = [
    get_image,
    get_image_header,
    get_image_histogram,
    *frames.handlers,
    _GROVE,
]


def router(readers: Readers, meta_form: str) -> Router:
    """The operations, which read through these readers."""
    sender = Sender(readers)

    async def images(
        reader: NamedDependency[Reader], files: NamedDependency[Files], request: Request[Any, Any, Any]
    ) -> Images:
        return Images(reader, files, sender, request)

    async def grove(
        reader: NamedDependency[Reader],
        files: NamedDependency[Files],
        request: Request[Any, Any, Any],
        dataCollectionId: DataCollectionId = None,
        autoProcProgramAttachmentId: Annotated[int | None, query_id("AutoProcProgramAttachment id")] = None,
        robotActionId: Annotated[int | None, query_id("RobotAction id")] = None,
    ) -> Grove:
        rows = dataCollectionId, autoProcProgramAttachmentId, robotActionId
        return Grove(reader, files, sender, request, rows, meta_form)

    return Router(
        "/data",
        route_handlers=handlers,
        dependencies={"images": Provide(images), "grove": Provide(grove)},
    )
