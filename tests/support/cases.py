"""Runs cases of faults that the field reported, each a program of its own, against servers as the field has.

`make cases ARGS="FOLDER [NAME …]"` runs those of FOLDER/reports whose names begin with NAME, by default all.
A case says in its first line which flavour of the schema it needs, or that either will do: then it runs on
both. It ends with 0 (as it should be), 1 (not) or 2 (its set-up failed).

A run makes a MariaDB with the tests' small world in the tables of both flavours, a server over each, and a
second MariaDB, with the strictest SQL mode, for cases that start servers of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from starbeam_testing.app import TestDatabase
from support import mariadb, world
from support.commands import SECRET, STARBEAM, environment, free_port
from support.processes import die_with_parent, program
from support.workspace import whole_system

FLAVOURS = ("community", "diamond")
STRICT = "--sql-mode=ANSI,TRADITIONAL,NO_BACKSLASH_ESCAPES,ONLY_FULL_GROUP_BY"
ROWS = 100
"""How many more rows there are of what lists show."""
START_SECONDS = 120
CASE_SECONDS = 300

CONFIG = """[auth]
secret_key = "{secret}"
trust_token_claims = true
[auth.backends.dummy]
use = "auth_dummy"
test_system = true
[database]
url = "mysql+asyncmy://test:test@127.0.0.1:{port}/{flavour}"
[files]
roots = ["{files}"]
[plugins]
enabled = {plugins}
"""


@dataclass(frozen=True)
class Case:
    """A program, and the flavours of the schema that it is run on."""

    file: Path
    flavours: tuple[str, ...]

    @classmethod
    def read(cls, file: Path) -> Case:
        """The case in a file."""
        first = file.read_text(encoding="utf-8").partition("\n")[0]
        if "Either flavour" in first:
            return cls(file, FLAVOURS)
        return cls(file, ("diamond",) if first.endswith('diamond"""') else ("community",))


def main(folder: str, *names: str) -> int:
    """Run the cases of a folder; the exit status, 1 when one fails."""
    program("mariadb-dump", "mariadb-client")  # for those that copy the database to a server of their own
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="starbeam-cases-")))
        usual, strict = _databases(stack)
        cases = [Case.read(file) for file in _copied(Path(folder), work, usual, strict)]
        chosen = [one for one in cases if not names or one.file.name.startswith(names)]
        bases = {
            flavour: stack.enter_context(_serving(work, usual, flavour))
            for flavour in FLAVOURS
            if any(flavour in case.flavours for case in chosen)
        }
        ends = [
            _run(case, {**_variables(work, usual, flavour), "BASE": bases[flavour], "STRICT": str(work)})
            for case in chosen
            for flavour in case.flavours
        ]
    return int(any(ends))


def _databases(stack: ExitStack) -> tuple[mariadb.Server, mariadb.Server]:
    """A server with rows in both flavours' databases, and another with the same and the strictest mode."""
    usual = mariadb.start()
    stack.callback(usual.stop)
    asyncio.run(_fill(usual))
    usual.shut_down()
    folder = Path(tempfile.mkdtemp(prefix="starbeam-mariadb-"))
    shutil.copytree(usual.folder, folder, dirs_exist_ok=True)
    strict = mariadb.Server(folder, STRICT)
    stack.callback(strict.stop)
    usual.start()
    strict.start()
    return usual, strict


async def _fill(server: mariadb.Server) -> None:
    for flavour in FLAVOURS:
        await _add_rows(server.url(flavour))
    engine = create_async_engine(server.url())
    async with engine.begin() as connection:
        for account in ("test", "t"):
            await connection.execute(text(f"CREATE USER '{account}'@'%' IDENTIFIED BY 'test'"))
            await connection.execute(text(f"GRANT ALL ON *.* TO '{account}'@'%' WITH GRANT OPTION"))
    await engine.dispose()


async def _add_rows(url: str) -> None:
    """The small world, and more of what its lists show."""
    database = TestDatabase(url)
    with tempfile.TemporaryDirectory() as files:
        await world.build(database, Path(files))
    await world.multiply(database, ROWS)
    await database.engine.dispose()


def _copied(folder: Path, work: Path, usual: mariadb.Server, strict: mariadb.Server) -> list[Path]:
    """The programs in a copy that connects to these servers: some cases name the ports of another site."""
    shutil.copytree(folder, work / "cases", copy_function=shutil.copyfile)
    addresses = {
        "127.0.0.1:3307": f"127.0.0.1:{usual.port}",
        "127.0.0.1:3399/rich": f"127.0.0.1:{strict.port}/community",
    }
    for file in (work / "cases").glob("*/*.py"):
        source = file.read_text(encoding="utf-8")
        for theirs, ours in addresses.items():
            source = source.replace(theirs, ours)
        file.write_text(source, encoding="utf-8")
    (work / "data").mkdir()
    (work / "data" / "s.sock").symlink_to(strict.folder / "socket")
    return sorted((work / "cases" / "reports").glob("[dh][0-9]*.py"))


def _variables(work: Path, server: mariadb.Server, flavour: str) -> dict[str, str]:
    """What a case asks of its environment."""
    return {
        "DB": flavour,
        "MYSQL": f"mariadb --no-defaults -S {server.folder}/socket -uroot",
        "FILES": str(work / f"files-{flavour}"),
        "SECRET": SECRET,
        "SB": str(STARBEAM),
        "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin",
    }


@contextmanager
def _serving(work: Path, server: mariadb.Server, flavour: str) -> Iterator[str]:
    """Serve a flavour's database: the root of the API."""
    files, config, port = work / f"files-{flavour}", work / f"{flavour}.toml", free_port()
    files.mkdir()
    plugins = json.dumps(whole_system())
    config.write_text(
        CONFIG.format(secret=SECRET, port=server.port, flavour=flavour, files=files, plugins=plugins)
    )
    with (work / f"{flavour}.log").open("w") as log:
        process = subprocess.Popen(
            [STARBEAM, "serve", "--config", str(config), "--port", str(port)],
            env=environment({}),
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
        )
    try:
        _wait(f"http://127.0.0.1:{port}/health/ready", process, work / f"{flavour}.log")
        yield f"http://127.0.0.1:{port}/ispyb/api/v1"
    finally:
        process.kill()
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(START_SECONDS * 2):
        if process.poll() is not None:
            break
        try:
            if httpx.get(address, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise SystemExit(f"the server does not serve:\n{log.read_text()[-2000:]}")


def _run(case: Case, variables: dict[str, str]) -> int:
    """Run one case, and print how it ended and what it says is not right."""
    try:
        done = subprocess.run(
            [sys.executable, str(case.file)],
            env=environment(variables),
            capture_output=True,
            text=True,
            timeout=CASE_SECONDS,
            check=False,
        )
        end, said = done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        end, said = 1, f"FAIL not done after {CASE_SECONDS} seconds"
    print(end, case.file.stem, variables["DB"], flush=True)
    if end:
        lines = said.splitlines()
        print(*(f"    {line[:300]}" for line in lines if not line.startswith("ok ")), sep="\n", flush=True)
    return end


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("usage: python -m support.cases FOLDER [NAME ...]")
    raise SystemExit(main(*sys.argv[1:]))
