"""The pages of the images of a data collection, and of what is in its HDF5 file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from starbeam.api import Forbidden, Invalid, Missing, Principal, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.lists import LARGEST
from starbeam.api.web import Asked, OfCollections, Pages, Show
from starbeam_data import queries
from starbeam_data.nodes import Node, word_of
from starbeam_data.protocol import Browse, Look
from starbeam_data.queries import Collected
from starbeam_data.readers import Readers
from starbeam_data.routes.frames import Sum, look
from starbeam_data.routes.images import HDF5, candidates, located

MAPS = (
    ("grey_r", "Grey, dark spots"),
    ("grey", "Grey, bright spots"),
    ("viridis", "Viridis"),
    ("magma", "Magma"),
)
LOOK = {"look": Provide(look)}
SCALES = (("sqrt", "Square root"), ("linear", "Linear"), ("log", "Logarithm"))

MEMBERS = 1000
"""Members of a group, and values of a list, on one page."""


class Image:
    """What the page of an image says."""

    def __init__(self, key: int, number: int | None, of: Collected) -> None:
        self.name = of.sample or of.prefix or f"collection {key}"
        self.first = 1 if of.first is None else of.first
        self.number = self.first if number is None else number
        self.count = of.count or None
        self.last = None if self.count is None else self.first + self.count - 1
        self._of = of

    def __getattr__(self, name: str) -> Any:
        """What the database says."""
        return getattr(self._of, name)

    @property
    def omega(self) -> tuple[float, float] | None:
        """From where to where the crystal was turned, in degrees."""
        if self._of.start is None or not self._of.range:
            return None
        start = self._of.start + (self.number - self.first) * self._of.range
        return start, start + self._of.range


@get("/collections/{key:int}/images/{number:int}", access=authenticated, dependencies=LOOK)
async def show_image(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    show: NamedDependency[Show],
    look: NamedDependency[Look],
    key: FromPath[int],
    number: FromPath[int],
    sum: Sum = 1,
) -> Response[Any]:
    """One image, and the way to its neighbours."""
    return await _image(reader, files, show, key, number, {"look": look, "sum": sum})


@get("/collections/{key:int}/images", access=authenticated, dependencies=LOOK)
async def show_images(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    show: NamedDependency[Show],
    look: NamedDependency[Look],
    key: FromPath[int],
    number: Annotated[int | None, QueryParameter(description="Which")] = None,
    sum: Sum = 1,
) -> Response[Any]:
    """The image of a number, else the first."""
    return await _image(reader, files, show, key, number, {"look": look, "sum": sum})


async def _image(
    reader: Reader, files: Files, show: Show, key: int, number: int | None, chosen: Mapping[str, Any]
) -> Response[Any]:
    of = await queries.collected(reader, key)
    if of is None or abs(number or 0) > LARGEST:
        raise Missing("Not Found")
    image = Image(key, number, of)
    plots = await show.of_collections(reader, [key], ["plot"])
    return show(
        "data/image.html",
        key=key,
        image=image,
        picture=f"/data/frames/{key}/{image.number}/picture",
        missing=await _missing(reader, files, key, image.number),
        plot=plots[key].get("plot", ""),
        maps=MAPS,
        scales=SCALES,
        **chosen,
    )


async def _missing(reader: Reader, files: Files, key: int, number: int) -> str | None:
    """Why there is no image, as far as can be told without reading a file."""
    found = await queries.images(reader, key)
    if found is None:
        return "No file of images was recorded."
    if not found.holds(number):
        return f"There is no image {number:,}."
    file, _, _ = await files.run(located, files, found, [number])
    return None if file else "The file is not there, or not yet."


async def _links(reader: Reader, asked: Asked, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    found = await queries.images_of(reader, ids)
    return {id: {"images": one, "in_hdf5": one.template.lower().endswith(HDF5)} for id, one in found.items()}


async def _frames(reader: Reader, asked: Asked, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """The first images whose files are there, so that no page asks for pictures of others. 1 statement."""
    found = await queries.images_of(reader, ids)
    wanted = [(id, path) for id, one in found.items() for path in candidates(one, one.first)]
    there = await asked.files.exist([path for _, path in wanted])
    return {id: {"first": found[id].first} for (id, _), one in zip(wanted, there, strict=True) if one}


def show_file(readers: Readers, h5web: str) -> ControllerRouterHandler:
    """The page of a node of the file, which is read by these; with a link to h5web."""

    @get("/collections/{key:int}/file", access=authenticated, dependencies=LOOK)
    async def show_file(
        reader: NamedDependency[Reader],
        files: NamedDependency[Files],
        who: NamedDependency[Principal],
        show: NamedDependency[Show],
        look: NamedDependency[Look],
        key: FromPath[int],
        path: Annotated[str, QueryParameter(description="The node")] = "/",
        skip: Annotated[int, QueryParameter(ge=0, le=LARGEST, description="Members that come before")] = 0,
        index: Annotated[
            list[int] | None, QueryParameter(description="The place along each axis before the last two")
        ] = None,
    ) -> Response[Any]:
        """A node: what is in it, its attributes, its values."""
        of = await queries.collected(reader, key)
        place = await queries.hdf5_file(reader, key, None, None)
        if of is None:
            raise Missing("Not Found")
        await reader.rest()
        file = await files.run(files.place, place)
        whole = "/" + "/".join(part for part in path.split("/") if part)
        found, wrong = await _browsed(readers, file, whole, skip, who.person_id)
        return show(
            "data/file.html",
            word_of=word_of,
            key=key,
            of=of,
            name=of.sample or of.prefix or f"collection {key}",
            node=Node(found, whole, index or []) if found else None,
            inner=whole,
            wrong=wrong,
            skip=skip,
            most=MEMBERS,
            look=look,
            maps=MAPS,
            scales=SCALES,
            h5web=h5web.replace("{dataCollectionId}", str(key)),
        )

    return show_file


async def _browsed(
    readers: Readers, file: Path | None, path: str, skip: int, person: int
) -> tuple[dict[str, Any] | None, str]:
    """What a reader says of a node, or the sentence why not."""
    if file is None:
        return None, "The file is not there, or not yet."
    try:
        answer = await readers.read(Browse(str(file), path, skip, MEMBERS), person)
    except (Missing, Invalid, Forbidden) as error:
        return None, error.sentence
    try:
        read = b"".join([bytes(block) async for block in answer.blocks()])
    finally:
        answer.close()
    return msgspec.json.decode(read), ""


def pages(readers: Readers, h5web: str) -> Pages:
    """The pages of images and files, and the way to them; where h5web is, which may be nowhere."""
    return Pages(
        [show_image, show_images, show_file(readers, h5web)],
        Path(__file__).with_name("templates"),
        of_collections=[
            OfCollections({"frame": "data/thumbnail.html"}, _frames, 100),
            OfCollections({"page": "data/links.html"}, _links, 150),
        ],
    )
