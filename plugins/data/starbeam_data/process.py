"""A process that reads files, as the server sees it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time

import msgspec

from starbeam.api import Unavailable
from starbeam_data.answers import Answer
from starbeam_data.protocol import LENGTH, STOP, TEXT, Block, Failed, Head, Moved, Order, Reply, Setup
from starbeam_data.windows import Window

KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")
"""What a reader takes from the server's environment, to find Python and to read names of files as the server
does. The rest may hold secrets."""
ENVIRONMENT = {
    "HDF5_USE_FILE_LOCKING": "FALSE",  # files may be written while they are read
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),  # what chunks are unpacked into serves again
    "MALLOC_TRIM_THRESHOLD_": str(320 << 20),
}
"""Of the reader processes."""
SLOW = "Reading the file takes too long. Please ask for a smaller part of it."


class Reader:
    """The server's end of the conversation with one reader process."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._process = process
        self._incoming, self._outgoing = streams
        self._seconds = 0.0

    @classmethod
    async def start(cls, setup: Setup, memory: int) -> Reader:
        """Start a process that writes to this file of windows."""
        ours, theirs = socket.socketpair()
        try:
            process = await asyncio.to_thread(_spawn, theirs.fileno(), memory)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        reader = cls(process, await asyncio.open_unix_connection(sock=ours))
        reader._send(setup)
        return reader

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    async def ask(self, order: Order, seconds: float) -> Head | Failed | Moved:
        """Give an order and return how the answer begins; all of it may take this long."""
        self._seconds = seconds
        self._send(order)
        reply = await self._receive()
        if not isinstance(reply, Head | Failed | Moved):
            raise EOFError(f"unexpected {reply}")
        return reply

    async def fetch(self, answer: Answer, window: Window) -> None:
        """Hand on the blocks of an answer, as long as its client takes them."""
        stopped = False
        while True:
            if not stopped and (answer.closed or not await window.room(answer.patience)):
                answer.close()
                self._outgoing.write(STOP)
                stopped = True
            reply = await self._receive()
            if not isinstance(reply, Block):
                return
            answer.put(window.block(reply))

    def release(self, slot: int) -> None:
        """Tell that a slot is free."""
        if not self._outgoing.is_closing():
            self._outgoing.write(bytes([slot]))

    async def end(self) -> None:
        """End the process. One that a file system holds ends when that answers."""
        self._outgoing.close()
        self._process.kill()
        if self._process.poll() is not None:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        process = os.pidfd_open(self._process.pid)
        loop.add_reader(process, ended.set)
        try:
            await ended.wait()
            self._process.wait()
        finally:
            loop.remove_reader(process)
            os.close(process)

    def _send(self, message: Setup | Order) -> None:
        encoded = msgspec.msgpack.encode(message)
        self._outgoing.write(TEXT + LENGTH.pack(len(encoded)) + encoded)

    async def _receive(self) -> Reply:
        """The next message, within what is left of the time."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                (length,) = LENGTH.unpack(await self._incoming.readexactly(LENGTH.size))
                message = await self._incoming.readexactly(length)
        except TimeoutError as error:
            raise Unavailable(SLOW) from error
        self._seconds -= time.monotonic() - began
        reply: Reply = msgspec.msgpack.decode(message, type=Reply)
        return reply


def _spawn(connection: int, memory: int) -> subprocess.Popen[bytes]:
    """A process that reads files."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    command = [sys.executable, "-P", "-m", "starbeam_data.reader", str(connection), str(memory)]
    return subprocess.Popen(  # noqa: S603 - our own module
        command,
        env={**kept, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        pass_fds=(connection, memory),
    )
