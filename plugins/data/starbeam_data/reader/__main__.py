"""A reader process: orders come over one socket, data goes through shared memory.

    python -m starbeam_data.reader SOCKET MEMORY

The two are numbers of open files; all windows lie in MEMORY. It ends when the server closes the socket.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from starbeam.api.files import Files
from starbeam.api.settings import Files as Folders
from starbeam_data.protocol import (
    LENGTH,
    SLOT,
    SLOTS,
    STOP,
    TEXT,
    WINDOW,
    AnyJob,
    Attributes,
    Block,
    Browse,
    Done,
    Failed,
    Fitted,
    Frame,
    Head,
    Header,
    Histogram,
    Image,
    Metadata,
    Moved,
    Numbers,
    Order,
    Paths,
    Pixels,
    Plane,
    PlaneHistogram,
    Reply,
    Setup,
    Statistics,
    Thumbnail,
    Tile,
    Values,
)
from starbeam_data.reader import browse, grove, images, views
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.confinement import Confinement, bound_memory
from starbeam_data.reader.frames import KEPT, Frames
from starbeam_data.reader.opened import CHUNK_CACHE
from starbeam_data.reader.pictures import Picture
from starbeam_data.reader.refusal import DAMAGED, FAULTS, MISSING_IMAGE, Refusal, TooLarge
from starbeam_data.reader.tree import Tree

READ: dict[type[AnyJob], Callable[..., Answer]] = {
    Attributes: grove.attributes,
    Values: grove.values,
    Metadata: grove.metadata,
    Statistics: grove.statistics,
    Paths: grove.paths,
    Browse: browse.browse,
    Plane: browse.plane,
    PlaneHistogram: browse.histogram,
    Pixels: images.pixels,
    Header: images.header,
    Histogram: images.histogram,
}
OF_FRAMES: dict[type[AnyJob], Callable[..., Answer]] = {
    Fitted: views.fitted,
    Thumbnail: views.thumbnail,
    Tile: views.tile,
    Numbers: views.numbers,
}
NICE = 10
"""Readers use the processors that the server leaves them: who plays frames must not slow everybody down."""
NO_IMAGE = Failed(404, MISSING_IMAGE)
COPIES, COPIES_OF_PICTURE = 3, 2
"""How often what is answered may lie in memory while it is encoded."""


class Channel:
    """The reader's end of the conversation."""

    def __init__(self, connection: socket.socket, memory: int) -> None:
        self._connection = connection
        self._memory = memory
        self._windows = dict[int, np.ndarray[Any, Any]]()

    def receive(self) -> bytes:
        """The next message. Raises EOFError when the server has gone."""
        while self._exactly(1) != TEXT:
            pass  # said about an answer that is over
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        return self._exactly(length)

    def send(self, reply: Reply) -> None:
        """Send a message."""
        message = msgspec.msgpack.encode(reply)
        self._connection.sendall(LENGTH.pack(len(message)) + message)

    def answer(self, found: Answer, window: int, others: dict[str, str]) -> None:
        """Send an answer block by block, as slots are free. What is read first may still fail."""
        slots, free = self._slots(window), list(range(SLOTS))
        head = Head(found.headers, found.size, others)
        started = False
        try:
            for write in found.parts:
                if not free:
                    if (said := self._exactly(1)) == STOP:
                        break
                    free += said
                slot = free.pop(0)
                size = write(slots[slot])
                if not started:
                    self.send(head)
                    started = True
                self.send(Block(slot, size))
        except FAULTS:
            if not started:
                raise
        if not started:
            self.send(head)
        self.send(Done())

    def _slots(self, window: int) -> np.ndarray[Any, Any]:
        """The slots of a window."""
        if window not in self._windows:
            memory = mmap.mmap(self._memory, WINDOW, offset=window * WINDOW)
            self._windows[window] = np.frombuffer(memory, np.uint8).reshape(SLOTS, SLOT)
        return self._windows[window]

    def _exactly(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length:
            piece = self._connection.recv(length - len(received))
            if not piece:
                raise EOFError
            received += piece
        return bytes(received)


def serve(channel: Channel, setup: Setup, confinement: Confinement) -> None:
    """Carry out orders until the server goes."""
    files = Files(Folders(roots=setup.roots, path_map=setup.path_map))
    frames = Frames(files, setup.max_answer)
    decoder = msgspec.msgpack.Decoder(Order)
    while True:
        order = decoder.decode(channel.receive())
        bound_memory(_memory(type(order.job), setup.max_answer))
        if failed := carry_out(order, channel, files, frames, setup.max_answer):
            channel.send(Moved() if confinement.outdated else failed)


def carry_out(order: Order, channel: Channel, files: Files, frames: Frames, most: int) -> Failed | None:
    """Answer an order, or return why it has no answer."""
    job = order.job
    opened: Tree | Picture | None = None
    try:
        if isinstance(job, Frame):
            frame, others = frames.get(job)
            channel.answer(OF_FRAMES[type(job)](frame, job, most), order.window, others)
            return None
        if isinstance(job, Image) and not job.in_hdf5:
            opened = Picture(files, job.file, most)
        else:
            opened = Tree(files, job.file)
        found = READ[type(job)](opened, job, most)
        channel.answer(found, order.window, opened.others)
    except TooLarge as error:
        return Failed(error.status, error.detail)
    except Refusal as error:
        return NO_IMAGE if isinstance(job, Image) else Failed(error.status, error.detail)
    except FAULTS:
        return NO_IMAGE if isinstance(job, Image) else Failed(422, DAMAGED)
    finally:
        if opened is not None:
            opened.close()
    return None


def _memory(job: type[AnyJob], most: int) -> int:
    """Bytes that a job may fill with data, beside the frames that are kept; fewer for a picture, which is one
    answer at most."""
    if issubclass(job, Image):
        return KEPT + COPIES_OF_PICTURE * most + CHUNK_CACHE
    return KEPT + COPIES * most + 4 * CHUNK_CACHE


def main() -> None:
    """Serve on the socket and memory that the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    connection, memory = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    channel = Channel(connection, memory)
    try:
        setup = msgspec.msgpack.decode(channel.receive(), type=Setup)
        serve(channel, setup, Confinement(setup.roots, _memory(Values, setup.max_answer)))
    except (EOFError, ConnectionError):
        pass


if __name__ == "__main__":
    main()
