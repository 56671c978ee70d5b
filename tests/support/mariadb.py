"""A throwaway MariaDB: a server process on a free loopback port, with a data folder of its own.

The first start on a machine builds a template folder with the schema of every flavour, in the user's cache;
later ones copy it. Servers stop when the process (on Linux: the thread) that started them ends,
however it ends.
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import create_async_engine

from starbeam.db import sqlite
from starbeam_ddl import ddl
from starbeam_ddl.facts import FLAVOURS, Flavour, facts
from support.processes import die_with_parent, free_port, program

PATIENCE = 300
"""Seconds until a server that does not start is given up."""

MODES = {
    "lenient": "",
    "grouping": "ONLY_FULL_GROUP_BY",
    "ansi": "ANSI_QUOTES,ONLY_FULL_GROUP_BY",
    "backslash": "NO_BACKSLASH_ESCAPES",
    "dates": "TRADITIONAL,NO_ZERO_DATE,NO_ZERO_IN_DATE",
}
"""SQL modes of the field, by the name of an account that has it."""
_MODE = " ".join(f"WHEN '{account}' THEN '{mode}'" for account, mode in MODES.items())
_INIT_CONNECT = f"SET sql_mode = CASE SUBSTRING_INDEX(USER(), '@', 1) {_MODE} ELSE @@sql_mode END"

OPTIONS = [
    "--bind-address=127.0.0.1",
    "--skip-networking=0",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--sync-binlog=0",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=8M",
    "--innodb-data-file-path=ibdata1:4M:autoextend",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=2M",
    "--performance-schema=0",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
]


class Server:
    """A running server; its users, `root` and those of `MODES`, need no password."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self.port = free_port()
        self.environment: dict[str, str] | None = None
        """Of its process; None for that of the tests."""
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def url(self, database: str = "", account: str = "root") -> str:
        """The address of one of its databases, for SQLAlchemy."""
        return f"mysql+asyncmy://{account}@127.0.0.1:{self.port}/{database}"

    @property
    def process(self) -> int:
        """The number of its process, which runs."""
        assert self._process is not None
        return self._process.pid

    def command(self, *more: str) -> list[str]:
        """The program with all its options."""
        own = [f"--port={self.port}", f"--socket={self.folder}/socket", f"--pid-file={self.folder}/pid"]
        modes = f"--init-connect={_INIT_CONNECT}"
        options = [*_common(self.folder), *OPTIONS, modes, *own, *self._options, *more]
        return [program("mariadbd", "mariadb-server"), *options]

    def start(self, *more: str) -> None:
        """Start, with more options, and return when it answers."""
        with (self.folder / "errors.log").open("ab") as errors:
            self._process = subprocess.Popen(
                self.command(*more),
                stdout=subprocess.DEVNULL,
                env=self.environment,
                stderr=errors,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not _answers(self.port):
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"MariaDB did not start:\n{(self.folder / 'errors.log').read_text()[-2000:]}"
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop at once and delete the data folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """Stop at once and keep the data, as in a power cut; `start` starts it again on the same port."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def shut_down(self) -> None:
        """Stop in order and keep the data."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def restart(self) -> None:
        """Shut down and start again on the same port."""
        self.shut_down()
        self.start()

    def pause(self) -> None:
        """Freeze: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("the server is not running")
        self._process.send_signal(number)

    async def fresh_database(self, flavour: Flavour) -> str:
        """The address of a flavour's database without rows: always the same, emptied of what was written.

        Keys start from 1 again. Nobody else may use the flavour's database of this server meanwhile.
        """
        engine = create_async_engine(self.url(flavour), isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                written = (await connection.execute(_written(flavour))).scalars().all()
                await connection.execute(text("SET foreign_key_checks = 0"))
                for table in written:
                    await connection.execute(text(f"TRUNCATE TABLE `{table}`"))
                there = (await connection.execute(_TABLES)).scalars().all()
                for table in {*there} - {*facts(flavour)}:  # of a plugin's own
                    await connection.execute(text(f"DROP TABLE `{table}`"))
        finally:
            await engine.dispose()
        return self.url(flavour)


_TABLES = text(
    "SELECT table_name FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)


@cache
def _written(flavour: Flavour) -> TextClause:
    """A query for the tables that hold rows, or held some."""
    rows = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM `{name}`)" for name in facts(flavour))
    numbered = (
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND auto_increment > 1"
    )
    return text(" UNION ".join([*rows, numbered]))


def start(*options: str) -> Server:
    """Start a server that has the empty databases `community`, `diamond` and `union`, with more options."""
    folder = Path(tempfile.mkdtemp(prefix="starbeam-mariadb-"))
    copy_template(folder)
    server = Server(folder, *options)
    server.start()
    return server


def copy_template(folder: Path) -> None:
    """Fill a data folder from the template, made once for each schema and version of the server."""
    version = subprocess.check_output([program("mariadbd", "mariadb-server"), "--version"])
    template = cache_folder() / f"mariadb-{fingerprint(version, *OPTIONS, _INIT_CONNECT)}"
    with _locked(template.parent):
        if not template.exists():
            for outdated in template.parent.glob("mariadb-*"):
                shutil.rmtree(outdated)
            _build(template)
        shutil.copytree(template, folder, dirs_exist_ok=True)


def cache_folder() -> Path:
    """Where templates are kept from one run of the tests to the next."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "starbeam-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fingerprint(*more: object) -> str:
    """A name for what a template depends on: the facts, what makes tables of them, and more."""
    state = hashlib.sha256(repr(more).encode())
    package = Path(ddl.__file__).parent
    for file in sorted([*package.glob("facts/*.*"), package / "ddl.py", Path(sqlite.__file__)]):
        state.update(file.read_bytes())
    return state.hexdigest()[:16]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one process of this machine at a time."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(template: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="building-", dir=template.parent))
    install = [
        program("mariadb-install-db", "mariadb-server"),
        *_common(folder),
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        *OPTIONS,
    ]
    subprocess.run(install, check=True, capture_output=True)
    server = Server(folder)
    server.start()
    try:
        with ThreadPoolExecutor(1) as thread:  # the caller may be in an event loop of its own
            thread.submit(asyncio.run, _create_databases(server)).result()
        server.shut_down()
        folder.rename(template)
    finally:
        server.stop()


async def _create_databases(server: Server) -> None:
    engine = create_async_engine(server.url())
    async with engine.begin() as connection:
        for flavour in FLAVOURS:
            await connection.execute(text(f"CREATE DATABASE `{flavour}`"))
        for account in MODES:  # who has all privileges would keep the server's own mode
            await connection.execute(text(f"CREATE USER '{account}'@'%'"))
            privileges = "SELECT, INSERT, UPDATE, DELETE"
            await connection.execute(text(f"GRANT {privileges} ON *.* TO '{account}'@'%'"))
    await engine.dispose()
    for flavour in FLAVOURS:
        engine = create_async_engine(server.url(flavour))
        await ddl.create(engine, flavour)
        await engine.dispose()


def _common(folder: Path) -> list[str]:
    """Options of all of MariaDB's programs."""
    return ["--no-defaults", f"--datadir={folder}", f"--user={pwd.getpwuid(os.getuid()).pw_name}"]


def _answers(port: int) -> bool:
    """Whether a server greets who connects."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False
