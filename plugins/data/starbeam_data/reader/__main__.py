"""A reader process: jobs come over one socket, data goes through one piece of shared memory.

    python -m starbeam_data.reader SOCKET MEMORY

The two are numbers of open files. It ends when the server closes the socket.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from starbeam.files import Files
from starbeam.settings import Files as Folders
from starbeam_data.protocol import (
    LENGTH,
    SLOT,
    SLOTS,
    STOP,
    AnyJob,
    Attributes,
    Block,
    Done,
    Failed,
    Head,
    Header,
    Histogram,
    Image,
    Metadata,
    Paths,
    Pixels,
    Reply,
    Setup,
    Statistics,
    Values,
)
from starbeam_data.reader import grove, images
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.refusal import DAMAGED, MISSING_IMAGE, Refusal, TooLarge
from starbeam_data.reader.tree import CHUNK_CACHE, Tree

READ: dict[type[AnyJob], Callable[..., Answer]] = {
    Attributes: grove.attributes,
    Values: grove.values,
    Metadata: grove.metadata,
    Statistics: grove.statistics,
    Paths: grove.paths,
    Pixels: images.pixels,
    Header: images.header,
    Histogram: images.histogram,
}
NO_IMAGE = Failed(404, MISSING_IMAGE)
COPIES = 3
"""How often what is answered may lie in memory while it is encoded."""

FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)
"""What h5py raises for files that are damaged, or change while they are read."""


class Channel:
    """The reader's end of the conversation."""

    def __init__(self, connection: socket.socket, memory: int) -> None:
        self._connection = connection
        self._slots = np.frombuffer(mmap.mmap(memory, SLOT * SLOTS), np.uint8).reshape(SLOTS, SLOT)
        self._sent = self._copied = 0
        self._stopped = False

    def receive(self) -> bytes:
        """The next message. Raises EOFError when the server has gone."""
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        return self._exactly(length)

    def send(self, reply: Reply) -> None:
        """Send a message."""
        message = msgspec.msgpack.encode(reply)
        self._connection.sendall(LENGTH.pack(len(message)) + message)

    def answer(self, found: Answer, others: dict[str, str]) -> None:
        """Send an answer, block by block, as the server copies them. What is read first may still fail."""
        self._sent = self._copied = 0
        self._stopped = False
        started = False
        try:
            for write in found.parts:
                size = write(self._slot())
                if not started:
                    self.send(Head(found.headers, found.size, others))
                    started = True
                if self._stopped:
                    break
                self.send(Block(size))
                self._sent += 1
        except FAULTS:
            if not started:
                raise
        if not started:
            self.send(Head(found.headers, found.size, others))
        while self._copied < self._sent:
            self._wait()
        self.send(Done())

    def _slot(self) -> np.ndarray[Any, Any]:
        """The next slot, once the server has copied what it held."""
        while self._sent - self._copied >= SLOTS:
            self._wait()
        slot: np.ndarray[Any, Any] = self._slots[self._sent % SLOTS]
        return slot

    def _wait(self) -> None:
        self._stopped |= self._exactly(1) == STOP
        self._copied += 1

    def _exactly(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length:
            piece = self._connection.recv(length - len(received))
            if not piece:
                raise EOFError
            received += piece
        return bytes(received)


def serve(channel: Channel, setup: Setup) -> None:
    """Answer jobs until the server goes."""
    files = Files(Folders(roots=setup.roots, path_map=setup.path_map))
    decoder = msgspec.msgpack.Decoder(AnyJob)
    while True:
        job = decoder.decode(channel.receive())
        tree: Tree | None = None
        try:
            if not isinstance(job, Image) or job.number is not None:
                tree = Tree(files, job.file)
            found = READ[type(job)](tree, job, setup.max_answer)
            channel.answer(found, tree.others if tree else {})
        except TooLarge as error:
            channel.send(Failed(error.status, error.detail))
        except Refusal as error:
            channel.send(NO_IMAGE if isinstance(job, Image) else Failed(error.status, error.detail))
        except FAULTS:
            channel.send(NO_IMAGE if isinstance(job, Image) else Failed(422, DAMAGED))
        finally:
            if tree is not None:
                tree.close()


def main() -> None:
    """Serve on the socket and memory that the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir("/")
    connection, memory = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    channel = Channel(connection, memory)
    try:
        setup = msgspec.msgpack.decode(channel.receive(), type=Setup)
        most = COPIES * setup.max_answer + 4 * CHUNK_CACHE
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        serve(channel, setup)
    except (EOFError, ConnectionError):
        pass


if __name__ == "__main__":
    main()
