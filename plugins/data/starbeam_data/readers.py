"""The pool of processes that read files.

HDF5 serialises all calls in a process behind one lock, a damaged file may crash it, and decompressing keeps
a core busy: so none of it happens in the server's own process. A reader works for one request at a time;
what it reads is copied from shared memory block by block, a few blocks ahead of the client.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
import structlog

from starbeam.http.errors import Unavailable
from starbeam.settings import Files as Folders
from starbeam_data.protocol import (
    GO,
    LENGTH,
    SLOT,
    SLOTS,
    STOP,
    AnyJob,
    Block,
    Failed,
    Head,
    Reply,
    Setup,
)
from starbeam_data.settings import DataSettings

log = structlog.get_logger("starbeam.data")

AHEAD = 4
"""Blocks that are read ahead of the client."""
LAST_SECONDS = 1.0
"""How long to wait for a process that was killed."""
ENVIRONMENT = {
    "HDF5_USE_FILE_LOCKING": "FALSE",  # files may be written while they are read
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
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

    def __init__(self, head: Head) -> None:
        self.head = head
        self.closed = False
        """Nobody takes the rest."""
        self._queue = asyncio.Queue[bytes | None](AHEAD)

    async def blocks(self) -> AsyncIterator[bytes]:
        """All blocks. Raises `Interrupted` where they end too early."""
        left = self.head.size
        while left and (block := await self._queue.get()) is not None:
            left -= len(block)
            yield block
        if left:
            raise Interrupted

    def close(self) -> None:
        """Take no more."""
        self.closed = True
        while not self._queue.empty():
            self._queue.get_nowait()

    async def put(self, block: bytes | None, seconds: float | None = None) -> None:
        """Add a block, or the end. A client that takes nothing for this long gets no more."""
        try:
            async with asyncio.timeout(seconds):
                await self._queue.put(block)
        except TimeoutError:
            self.closed = True


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
        for _ in range(self._settings.readers):
            self._free.put_nowait(None)
        try:
            yield
        finally:
            for _ in range(self._settings.readers):
                if (reader := await self._free.get()) is not None:
                    await reader.end()

    async def read(self, job: AnyJob) -> Answer:
        """Begin to read. Raises `Unreadable`, and `Unavailable` when all readers are busy, the file takes too
        long, or the reader dies of it."""
        reader = await self._take()
        try:
            reply = await reader.ask(job, self._settings.time_limit)
        except BaseException as error:
            await self._replace(reader)
            if isinstance(error, EOFError | OSError):
                log.warning("a process that reads files died", job=type(job).__name__, file=job.file)
                raise Unavailable(CRASHED) from error
            raise
        if isinstance(reply, Failed):
            self._free.put_nowait(reader)
            raise Unreadable(reply.status, reply.detail)
        answer = Answer(reply)
        task = asyncio.create_task(self._fetch(reader, answer))
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
            return await Reader.start(self._setup)
        except BaseException:
            self._free.put_nowait(None)
            raise

    async def _fetch(self, reader: Reader, answer: Answer) -> None:
        """Copy the blocks of an answer, and let the reader go as soon as it has read all of them."""
        try:
            await reader.copy_to(answer, self._settings.time_limit)
        except (EOFError, OSError, Unavailable):
            await self._replace(reader)
        else:
            self._free.put_nowait(reader)
        await answer.put(None)

    async def _replace(self, reader: Reader) -> None:
        """End a reader, and leave its place to another."""
        self._free.put_nowait(None)
        await reader.end()


class Reader:
    """The server's end of the conversation with one reader process."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        memory: mmap.mmap,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._process = process
        self._memory = memory
        self._incoming, self._outgoing = streams
        self._seconds = 0.0

    @classmethod
    async def start(cls, setup: Setup) -> Reader:
        """Start a process."""
        ours, theirs = socket.socketpair()
        descriptor = os.memfd_create("starbeam-reader")
        try:
            os.ftruncate(descriptor, SLOT * SLOTS)
            memory = mmap.mmap(descriptor, SLOT * SLOTS)
            process = await asyncio.to_thread(_spawn, theirs.fileno(), descriptor)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
            os.close(descriptor)
        reader = cls(process, memory, await asyncio.open_unix_connection(sock=ours))
        reader._send(setup)
        return reader

    async def ask(self, job: AnyJob, seconds: float) -> Head | Failed:
        """Hand a job over and return how the answer begins; all of it may take this long."""
        self._seconds = seconds
        self._send(job)
        reply = await self._receive()
        if not isinstance(reply, Head | Failed):
            raise EOFError(f"unexpected {reply}")
        return reply

    async def copy_to(self, answer: Answer, seconds: float) -> None:
        """Copy the blocks of an answer; a client that takes nothing for this long gets no more."""
        number = 0
        while isinstance(reply := await self._receive(), Block):
            start = number % SLOTS * SLOT
            if not answer.closed:
                await answer.put(self._memory[start : start + reply.size], seconds)
            self._outgoing.write(STOP if answer.closed else GO)
            number += 1

    async def end(self) -> None:
        """End the process, whatever it does."""
        self._outgoing.close()
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):  # one that a file system holds ends when that answers
            await asyncio.to_thread(self._process.wait, LAST_SECONDS)

    def _send(self, message: Setup | AnyJob) -> None:
        encoded = msgspec.msgpack.encode(message)
        self._outgoing.write(LENGTH.pack(len(encoded)) + encoded)

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
    """A process that reads files. It takes no settings of HDF5 from the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HDF5_")}
    command = [sys.executable, "-P", "-m", "starbeam_data.reader", str(connection), str(memory)]
    return subprocess.Popen(  # noqa: S603 - our own module
        command,
        env={**kept, **ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        pass_fds=(connection, memory),
    )
