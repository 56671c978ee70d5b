"""The pool of processes that read files.

HDF5 serialises all calls in a process behind one lock, a damaged file may crash it, and decompressing keeps
a core busy: so none of it happens in the server's own process. A reader works for one request at a time, and
is ahead of the client by as much as the window of the answer holds.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import structlog

from starbeam.refusals import Unavailable
from starbeam.settings import Files as Folders
from starbeam_data.protocol import (
    LENGTH,
    SLOTS,
    STOP,
    TEXT,
    AnyJob,
    Block,
    Failed,
    Head,
    Moved,
    Order,
    Reply,
    Setup,
)
from starbeam_data.settings import DataSettings
from starbeam_data.windows import Window, Windows

log = structlog.get_logger("starbeam.data")

LAST_SECONDS = 1.0
"""How long to wait for a process that was killed."""
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
BUSY = "All readers of files are busy. Please try again in a few seconds."
SLOW = "Reading the file takes too long. Please ask for a smaller part of it."
CRASHED = "The file cannot be read: reading it failed."


class Interrupted(Exception):
    """An answer that has begun and cannot be finished."""


class Unreadable(Exception):
    """What a reader says about a file that it cannot answer from."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class Answer:
    """An answer that is being read: its head, and its blocks as they come."""

    def __init__(self, head: Head, window: Window) -> None:
        self.head = head
        self._window = window
        self.closed = False
        """Nobody takes the rest."""
        self._queue = asyncio.Queue[memoryview | None]()

    async def blocks(self) -> AsyncIterator[memoryview]:
        """All blocks; whoever keeps many gets copies. Raises `Interrupted` where they end too early."""
        left = self.head.size
        while left and (block := await self._queue.get()) is not None:
            left -= len(block)
            kept = self._window.held - self._queue.qsize()
            yield block if kept < SLOTS // 2 else memoryview(bytes(block))
        if left:
            raise Interrupted

    def put(self, block: memoryview | None) -> None:
        """Add a block, or the end."""
        if not self.closed or block is None:
            self._queue.put_nowait(block)

    def close(self) -> None:
        """Take no more."""
        self.closed = True
        while not self._queue.empty():
            self._queue.get_nowait()


class Readers:
    """The reader processes of one server process, started when they are needed."""

    def __init__(self, settings: DataSettings) -> None:
        self._settings = settings
        self._setup = Setup([], "", settings.max_answer)
        self._free = asyncio.LifoQueue["Reader | None"]()
        self._tasks = set[asyncio.Task[None]]()

    @asynccontextmanager
    async def running(self, folders: Folders) -> AsyncIterator[None]:
        """Read below these folders while the context is open."""
        self._setup = Setup(list(folders.roots), folders.path_map, self._settings.max_answer)
        self._windows = Windows()
        for _ in range(self._settings.readers):
            self._free.put_nowait(None)
        try:
            yield
        finally:
            for _ in range(self._settings.readers):
                if (reader := await self._free.get()) is not None:
                    await reader.end()
            self._windows.close()

    async def read(self, job: AnyJob) -> Answer:
        """Begin to read. Raises `Unreadable`, and `Unavailable` when all readers are busy, the file takes too
        long, or the reader dies of it."""
        reader = await self._take()
        try:
            window = self._windows.take(reader.release)
        except OSError as error:  # no memory
            self._free.put_nowait(reader)
            raise Unavailable(BUSY) from error
        try:
            reply = await reader.ask(Order(window.number, job), self._settings.time_limit)
        except BaseException as error:
            await self._replace(reader, window)
            if isinstance(error, EOFError | OSError):
                log.warning("a process that reads files died", job=type(job).__name__, file=job.file)
                raise Unavailable(CRASHED) from error
            raise
        if isinstance(reply, Moved):
            await self._replace(reader, window)
            return await self.read(job)
        if isinstance(reply, Failed):
            window.close()
            self._free.put_nowait(reader)
            raise Unreadable(reply.status, reply.detail)
        answer = Answer(reply, window)
        task = asyncio.create_task(self._fetch(reader, window, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return answer

    async def _take(self) -> Reader:
        """A reader that is free now, or within the time limit."""
        try:
            async with asyncio.timeout(self._settings.time_limit):
                reader = await self._free.get()
        except TimeoutError as error:
            raise Unavailable(BUSY) from error
        if reader is not None:
            return reader
        try:
            return await Reader.start(self._setup, self._windows.memory)
        except BaseException:
            self._free.put_nowait(None)
            raise

    async def _fetch(self, reader: Reader, window: Window, answer: Answer) -> None:
        """Take the blocks of an answer, and let the reader go as soon as it has read all of them."""
        try:
            await reader.fetch(answer, window, self._settings.time_limit)
        except (EOFError, OSError, Unavailable):
            await self._replace(reader, window)
        else:
            window.close()
            self._free.put_nowait(reader)
        answer.put(None)

    async def _replace(self, reader: Reader, window: Window) -> None:
        """End a reader, and leave its place to another. The window is lost if it may still write there."""
        self._free.put_nowait(None)
        if await reader.end():
            window.close()


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

    async def ask(self, order: Order, seconds: float) -> Head | Failed | Moved:
        """Give an order and return how the answer begins; all of it may take this long."""
        self._seconds = seconds
        self._send(order)
        reply = await self._receive()
        if not isinstance(reply, Head | Failed | Moved):
            raise EOFError(f"unexpected {reply}")
        return reply

    async def fetch(self, answer: Answer, window: Window, seconds: float) -> None:
        """Hand on the blocks of an answer; a client that takes nothing for this long gets no more."""
        stopped = False
        while True:
            if not stopped and (answer.closed or not await window.room(seconds)):
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

    async def end(self) -> bool:
        """End the process; whether it has ended. One that a file system holds ends when that answers."""
        self._outgoing.close()
        self._process.kill()
        try:
            await asyncio.to_thread(self._process.wait, LAST_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

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
