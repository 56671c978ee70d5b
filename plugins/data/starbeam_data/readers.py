"""The pool of processes that read files.

HDF5 serialises all calls in a process behind one lock, a damaged file may crash it, and decompressing keeps
a core busy: so none of it happens in the server's own process. A reader works for one request at a time, and
is ahead of the client by as much as the window of the answer holds. One person has all readers but one at a
time, so that others find one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Gauge

from starbeam.api import Forbidden, Invalid, Missing, Refusal, Unavailable, every
from starbeam.api.settings import Files as Folders
from starbeam_data.answers import Answer
from starbeam_data.process import Reader
from starbeam_data.protocol import AnyJob, Failed, Image, Moved, Order, Setup
from starbeam_data.settings import DataSettings
from starbeam_data.turns import Turns
from starbeam_data.windows import Window, Windows

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

log = structlog.get_logger("starbeam.data")

ANSWERS = 32
"""How many a server process reads or sends at a time, in 16 MiB each; one person has half of them."""
PICTURES = 3
"""A picture gets this part of the time that reading may take: it is small, and many ask for it at once."""
LAST_SECONDS = 1.0
"""How long to wait for processes that were killed: a file system may hold one."""
REST_SECONDS = 5.0
"""How often it is looked which memory nobody uses any more."""
BUSY = "All readers of files are busy. Please try again in a few seconds."
CRASHED = "The file cannot be read: reading it failed."


_REFUSALS: dict[int, type[Refusal]] = {403: Forbidden, 404: Missing, 422: Invalid, 503: Unavailable}
"""What a reader says about a file that it cannot answer from, by the status that it names."""


class Readers:
    """The reader processes of one server process, started when they are needed."""

    def __init__(self, settings: DataSettings) -> None:
        self._settings = settings
        self._setup = Setup([], "", settings.max_answer)
        self._turns = Turns(settings.readers, share=max(1, settings.readers - 1))
        self._answers = Turns(ANSWERS, share=ANSWERS // 2)
        self._started = set[Reader]()
        self._idle = list[Reader]()
        self._tasks = set[asyncio.Task[None]]()
        self._working: Gauge | None = None

    def count_in(self, registry: CollectorRegistry | None) -> None:
        """Tell among these figures how many are at work."""
        if registry is not None:
            said = "Processes that are reading files; a worker has at most plugin.data.readers of them."
            self._working = Gauge(
                "starbeam_readers_working", said, registry=registry, multiprocess_mode="livesum"
            )

    @asynccontextmanager
    async def running(self, folders: Folders) -> AsyncIterator[None]:
        """Read below these folders while the context is open."""
        self._setup = Setup(list(folders.roots), folders.path_map, self._settings.max_answer)
        self._windows = Windows()
        try:
            async with every(REST_SECONDS, self._windows.rest):
                yield
        finally:
            await self._end_all()
            self._windows.close()

    async def read(self, job: AnyJob, person: int) -> Answer:
        """Begin to read for a person. Raises what the file is refused for, and `Unavailable` when no turn
        comes in time, the file takes too long, or the reader dies of it."""
        await self._turn(self._answers, person)
        try:
            answer = await self._read(job, person)
        except BaseException:
            self._answers.give(person)
            raise
        answer.at_end(self._answers.give, person)
        return answer

    async def _read(self, job: AnyJob, person: int) -> Answer:
        reader, window = await self._begin(person)
        try:
            reply = await reader.ask(Order(window.number, job), self._seconds(job))
        except BaseException as error:
            self._end(reader, window)
            if isinstance(error, EOFError | OSError):
                log.warning("a process that reads files died", job=type(job).__name__, file=job.file)
                raise Unavailable(CRASHED) from error
            raise
        if isinstance(reply, Moved):
            self._end(reader, window)
            return await self._read(job, person)
        if isinstance(reply, Failed):
            self._free(reader, window)
            raise _REFUSALS[reply.status](reply.detail)
        answer = Answer(reply, window, self._settings.time_limit)
        self._go_on(self._fetch(reader, window, answer))
        return answer

    def _seconds(self, job: AnyJob) -> float:
        """How long reading for a job may take."""
        return self._settings.time_limit / (PICTURES if isinstance(job, Image) else 1)

    async def _turn(self, turns: Turns, person: int) -> None:
        """Wait for this person's turn. Raises `Unavailable` when it does not come."""
        try:
            async with asyncio.timeout(self._settings.time_limit):
                await turns.take(person)
        except TimeoutError as error:
            raise Unavailable(BUSY) from error

    async def _begin(self, person: int) -> tuple[Reader, Window]:
        """A reader and a window for this person."""
        await self._turn(self._turns, person)
        if self._working:
            self._working.inc()
        try:
            window = self._windows.take()
            reader = self._rested() or await self._another(window)
        except BaseException as error:
            self._rest(person)
            if isinstance(error, OSError):  # no memory
                raise Unavailable(BUSY) from error
            raise
        window.person = person
        window.open(reader.release)
        return reader, window

    def _rest(self, person: int) -> None:
        """A reader of this person works no more."""
        self._turns.give(person)
        if self._working:
            self._working.dec()

    def _rested(self) -> Reader | None:
        """A reader that has nothing to do. One that died meanwhile, as when memory is short, fails nobody."""
        while self._idle:
            reader = self._idle.pop()
            if reader.alive:
                return reader
            self._started.discard(reader)
            self._go_on(reader.end())
        return None

    async def _another(self, window: Window) -> Reader:
        try:
            reader = await Reader.start(self._setup, self._windows.memory)
        except BaseException:
            window.close()
            raise
        self._started.add(reader)
        return reader

    async def _fetch(self, reader: Reader, window: Window, answer: Answer) -> None:
        """Take the blocks of an answer, and let the reader go as soon as it has read all of them."""
        try:
            await reader.fetch(answer, window)
        except (EOFError, OSError, Unavailable):
            self._end(reader, window)
        else:
            self._free(reader, window)
        answer.put(None)

    def _free(self, reader: Reader, window: Window) -> None:
        """Let another have a reader that has nothing to do."""
        self._idle.append(reader)
        self._rest(window.person)
        window.close()

    def _end(self, reader: Reader, window: Window) -> None:
        """End a reader, and leave its place to another."""
        self._started.discard(reader)
        self._rest(window.person)
        self._go_on(self._ended(reader, window))

    async def _ended(self, reader: Reader, window: Window) -> None:
        """Nobody has the window while the reader may still write there."""
        await reader.end()
        window.close()

    async def _end_all(self) -> None:
        """End all readers, and what waits for them."""
        ends = [asyncio.create_task(reader.end()) for reader in self._started]
        if tasks := [*ends, *self._tasks]:
            await asyncio.wait(tasks, timeout=LAST_SECONDS)
        for task in self._tasks | set(ends):
            task.cancel()

    def _go_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the requests."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
