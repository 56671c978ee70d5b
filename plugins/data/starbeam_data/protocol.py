"""What the server and its reader processes say to each other.

A reader is told its `Setup`, then one `Order` after the other. It answers `Failed` or `Moved`, or `Head`,
`Block` after `Block`, and `Done`. Blocks lie in slots of the window that the order names. All slots are free
at first; then the server says the number of each that is free again, in one byte, or `STOP`. All else is
MessagePack, after its length in four bytes. What the server says so begins with the byte `TEXT`, which tells
it from what comes late for an answer that is over.
"""

from __future__ import annotations

import struct

from msgspec import Struct

SLOT = 1 << 20
"""Bytes of a slot."""
SLOTS = 16
"""Slots of a window."""
WINDOW = SLOT * SLOTS
"""Bytes of a window: the memory that holds the blocks of one answer."""
TEXT, STOP = b"=", b"-"
LENGTH = struct.Struct("!I")

Part = int | tuple[int | None, int | None, int | None]
"""An index, or start, stop and step."""


class Setup(Struct, frozen=True):
    """What a reader process is told when it starts."""

    roots: list[str]
    path_map: str
    max_answer: int


class Job(Struct, frozen=True, tag_field="job"):
    """Something to read. `file` is a path whose links are resolved, below the configured folders."""

    file: str


class Node(Job, frozen=True):
    """Something to read of one node of an HDF5 file."""

    path: str


class Attributes(Node, frozen=True):
    """Values of attributes: of all, or of these."""

    keys: list[str] | None


class Values(Node, frozen=True):
    """Values of a data set. `narrow`: 64-bit integers become 32-bit ones where `dtype` is safe."""

    selection: list[Part] | None
    dtype: str
    format: str
    flatten: bool
    narrow: bool


class Metadata(Node, frozen=True):
    """What a node is. `flat` says it as h5grove did before its version 2."""

    resolve_links: str
    flat: bool


class Statistics(Node, frozen=True):
    """Statistics of a data set."""

    selection: list[Part] | None


class Paths(Node, frozen=True):
    """Paths of everything below a group."""


class Browse(Node, frozen=True):
    """What a page shows of a node: of a group so many members from `start` on, of a list so many values."""

    start: int
    count: int


class Image(Job, frozen=True):
    """Something to read of one detector image: of this number, or of a file for itself. `frame` is its place
    where the file does not count its images, from 0."""

    in_hdf5: bool
    number: int | None
    frame: int


class Pixels(Image, frozen=True):
    """The pixels."""


class Header(Image, frozen=True):
    """What viewers read about the image."""


class Histogram(Image, frozen=True):
    """How often which values occur."""


class Frame(Image, frozen=True):
    """Something to make of the sum of so many images, this one the first, or of those that are there.
    `following`: the files of the others where each has one for itself."""

    sum: int
    following: list[str]


class Look(Struct, frozen=True):
    """How pixels become colours. A limit that is None lies at the percentile of what was measured: `high` at
    this one, `low` at what is left of 100. `scale`: linear, sqrt or log."""

    low: float | None
    high: float | None
    percentile: float
    scale: str
    colours: str
    masked: bool
    overloads: bool


class Fitted(Frame, frozen=True):
    """The whole frame as a picture, at most this wide."""

    width: int
    look: Look


class Thumbnail(Frame, frozen=True):
    """The whole frame as a small picture, as pages show many of."""


class Plane(Node, frozen=True):
    """Two dimensions of a data set as a picture, at most this wide."""

    selection: list[Part] | None
    width: int
    look: Look


class PlaneHistogram(Node, frozen=True):
    """How often which values occur in two dimensions of a data set."""

    selection: list[Part] | None


class Tile(Frame, frozen=True):
    """A square of the frame as a picture, of which each pixel stands for 2 ** `level` ones along an axis."""

    level: int
    column: int
    row: int
    look: Look


class Numbers(Frame, frozen=True):
    """The values of a window of pixels."""

    x: int
    y: int
    width: int
    height: int


AnyJob = (
    Attributes
    | Values
    | Metadata
    | Statistics
    | Paths
    | Browse
    | Plane
    | PlaneHistogram
    | Pixels
    | Header
    | Histogram
    | Fitted
    | Thumbnail
    | Tile
    | Numbers
)


class Order(Struct, frozen=True):
    """A job, and the number of the window that its answer goes to."""

    window: int
    job: AnyJob


class Head(Struct, frozen=True, tag_field="reply"):
    """The answer begins. `others` are the files that it depends on beside the job's own, with what they were
    when they were looked for."""

    headers: dict[str, str]
    size: int
    others: dict[str, str]


class Block(Struct, frozen=True, tag_field="reply"):
    """A slot holds the next bytes, this many."""

    slot: int
    size: int


class Done(Struct, frozen=True, tag_field="reply"):
    """There are no more blocks: reading failed where they are fewer than the head says."""


class Failed(Struct, frozen=True, tag_field="reply"):
    """There is no answer, and why."""

    status: int
    detail: str


class Moved(Struct, frozen=True, tag_field="reply"):
    """There is no answer: the folders are others than when the reader started. A new one can read them."""


Reply = Head | Block | Done | Failed | Moved
