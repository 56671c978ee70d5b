"""Several worker processes on one socket: started, watched, replaced and ended in order."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from starbeam import logs
from starbeam.http.metrics import FOLDER

log = logs.get("starbeam.workers")

SILENT_SECONDS = 60.0
"""After how long without a sign of life a worker that serves is killed."""
PAUSE_SECONDS = 5.0
"""How long after its start a worker that ended before it served is replaced."""
END_SECONDS = 65.0
"""How long a worker may take to end: longer than what it gives its requests."""
LOOK_SECONDS = 0.5

Work = Callable[[socket.socket, Callable[[], None]], None]
"""What a worker does, in a process of its own: it serves on the socket and says when it does."""


class Workers:
    """Keeps a number of workers running until a signal ends them; SIGHUP replaces them one by one."""

    def __init__(
        self,
        number: int,
        work: Work,
        bound: socket.socket,
        started: Callable[[], None],
        again: Callable[[], Work] | None = None,
    ) -> None:
        """`started` is called once, when the first worker serves; `again` says what workers do that replace
        all. Where it raises an error, nobody is replaced."""
        self._number = number
        self._work = work
        self._again = again or (lambda: work)
        self._bound = bound
        self._tell = started
        self._told = False
        self._workers: list[_Worker] = []
        self._ending = False
        self._renewing = False
        self._status = 0

    def run(self) -> int:
        """Until SIGTERM, SIGINT, or a start that fails. The exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGHUP, self._renew)
        self._workers = [self._start() for _ in range(self._number)]
        while not self._ending:
            self._look()
            self._workers = [self._kept(worker) for worker in self._workers]
            if self._renewing:
                self._replace_all()
        self._bound.close()  # or it would go on taking connections that nobody serves
        self._end_all(self._workers)
        return self._status

    def _end(self, number: int, frame: object) -> None:
        self._ending = True

    def _renew(self, number: int, frame: object) -> None:
        self._renewing = True

    def _start(self) -> _Worker:
        return _Worker(self._work, self._bound)

    def _look(self, *more: _Worker) -> None:
        """Wait a moment, or until a worker says something or ends."""
        workers = [worker for worker in (*self._workers, *more) if worker.process.is_alive()]
        wait([news for worker in workers for news in worker.news], LOOK_SECONDS)
        for worker in workers:
            worker.listen()
        if not self._told and any(worker.serves for worker in workers):
            self._told = True
            self._tell()

    def _kept(self, worker: _Worker) -> _Worker:
        """This worker, or the one that replaces it."""
        if worker.process.is_alive() and worker.silent < SILENT_SECONDS:
            return worker
        if not worker.buried:
            self._bury(worker)
        if self._ending or (worker.age < PAUSE_SECONDS and not worker.serves):
            return worker
        return self._start()

    def _bury(self, worker: _Worker) -> None:
        """Say why it ended, or is ended. Where no worker ever came up, none will."""
        why = f"killed: it gave no sign of life for {worker.silent:.0f} s"
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        else:
            why = _why(worker.process.exitcode)
        worker.buried = True
        _forget(worker.pid)
        log.warning("worker ended", pid=worker.pid, served=worker.serves, why=why)
        if not self._told and (status := worker.process.exitcode or 0) > 0:
            log.error("no worker can start")
            self._ending, self._status = True, status

    def _replace_all(self) -> None:
        """Replace one after the other; each goes when the one after it serves."""
        self._renewing = False
        before = self._work
        try:
            self._work = self._again()
        except Exception as error:  # whatever is wrong with the settings
            log.error("the settings are not good: the old workers stay", error=str(error))
            return
        log.info("workers are replaced")
        for place, old in enumerate(self._workers):
            new = self._start()
            while new.process.is_alive() and not new.serves and not self._ending:
                self._look(new)
            if not new.serves:
                self._end_all([new])
                self._work = before
                log.error("a new worker did not start: the old ones stay", why=_why(new.process.exitcode))
                return
            self._workers[place] = new
            self._end_all([old])

    def _end_all(self, workers: list[_Worker]) -> None:
        for worker in workers:
            worker.process.terminate()
        until = time.monotonic() + END_SECONDS
        for worker in workers:
            worker.process.join(max(0, until - time.monotonic()))
            if worker.process.is_alive():
                log.warning("worker is killed: it did not end", pid=worker.pid, seconds=END_SECONDS)
                worker.process.kill()
                worker.process.join()
            _forget(worker.pid)


class _Worker:
    """A process that works, seen from the one that started it."""

    def __init__(self, work: Work, bound: socket.socket) -> None:
        self._pipe, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(target=_run, args=(work, bound, theirs))
        with _without_interrupts():
            self.process.start()
        theirs.close()
        self._born = self._heard = time.monotonic()
        self.serves = False
        self.buried = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid or 0

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._born

    @property
    def silent(self) -> float:
        """For how many seconds it has not answered. How long a start takes is the machine's affair."""
        return time.monotonic() - self._heard if self.serves else 0.0

    @property
    def news(self) -> list[Any]:
        """What to wait for: its end, and its first word."""
        return [self.process.sentinel] if self.serves else [self.process.sentinel, self._pipe]

    def listen(self) -> None:
        """Note what it said, and ask again once it has answered."""
        with suppress(OSError, EOFError):  # it has ended
            if self._pipe.poll():
                self._pipe.recv_bytes()
                self.serves, self._heard = True, time.monotonic()
                self._pipe.send_bytes(b"?")


def _run(work: Work, bound: socket.socket, pipe: Pipe) -> None:
    """The life of a worker: it says that it serves, then answers whoever asks, until nobody is there to."""

    def started() -> None:
        Thread(target=_answer, args=(pipe,), daemon=True).start()

    work(bound, started)


def _answer(pipe: Pipe) -> None:
    with suppress(OSError, EOFError):
        while True:
            pipe.send_bytes(b"!")
            pipe.recv_bytes()
    os.kill(os.getpid(), signal.SIGTERM)  # the process that watches this one has gone


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal: a worker is to end when it is told to, not by that."""
    before: Any = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forget(pid: int) -> None:
    """What a worker that ended was doing counts no more."""
    if folder := os.environ.get(FOLDER):
        mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]


def _why(code: int | None) -> str:
    """What an exit code says."""
    if code is None or code >= 0:
        return f"status {code}"
    name = signal.Signals(-code).name
    return f"killed by {name}" + (", as when memory is short" if name == "SIGKILL" else "")
