"""Several workers, whose work is next to nothing, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from support.commands import PATIENCE, environment

SCRIPT = """
import os, signal, socket, sys, time
from pathlib import Path
from starbeam import logs, workers

workers.PAUSE_SECONDS = 0.5
workers.SILENT_SECONDS = 2
HERE = Path(__file__).parent

def work(bound, started):
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    beginning = HERE / "beginning.py"
    if beginning.exists():
        exec(beginning.read_text())
    (HERE / f"{os.getpid()}.serves").touch()
    started()
    while True:
        time.sleep(60)

if __name__ == "__main__":
    logs.configure()
    with socket.socket() as bound:
        sys.exit(workers.Workers(2, work, bound, lambda: print("serves", flush=True)).run())
"""


class Crew:
    """Two workers and the process that watches them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = folder / "crew.py"
        script.write_text(SCRIPT)
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, script], stdout=out, stderr=err, env=environment({})
            )

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    def served(self) -> list[int]:
        """Every worker that ever served, oldest first."""
        files = sorted(self.folder.glob("*.serves"), key=lambda file: file.stat().st_mtime_ns)
        return [int(file.stem) for file in files]

    def wait_for(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.err
            time.sleep(0.05)

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def crew(folder: Path, beginning: str = "") -> Iterator[Crew]:
    """Workers that begin with this."""
    if beginning:
        (folder / "beginning.py").write_text(beginning)
    running = Crew(folder)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()
        for number in running.served():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def alive(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


def test_it_is_told_once_that_they_serve_and_they_end_in_order(tmp_path: Path) -> None:
    with crew(tmp_path) as running:
        running.wait_for(lambda: len(running.served()) == 2)
        assert running.end() == 0
        assert running.out == "serves\n"
        assert running.err == ""
        assert not any(map(alive, running.served()))


def test_nothing_is_said_before_one_serves(tmp_path: Path) -> None:
    gate = "while not (HERE / 'gate').exists(): time.sleep(0.05)\n"
    with crew(tmp_path, f"(HERE / str(os.getpid())).touch()\n{gate}") as running:
        running.wait_for(lambda: len([file for file in tmp_path.iterdir() if file.name.isdigit()]) == 2)
        time.sleep(3)  # longer than the time in which a worker that serves must answer
        assert (running.out, running.err) == ("", "")
        (tmp_path / "gate").touch()
        running.wait_for(lambda: len(running.served()) == 2)
        running.wait_for(lambda: running.out == "serves\n")
        assert running.err == ""


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGKILL, "killed by SIGKILL, as when memory is short"),
        (signal.SIGSEGV, "killed by SIGSEGV"),
        (signal.SIGSTOP, "killed: it gave no sign of life for"),
    ],
)
def test_one_that_dies_or_freezes_is_replaced_and_told_why(
    tmp_path: Path, number: signal.Signals, why: str
) -> None:
    with crew(tmp_path) as running:
        running.wait_for(lambda: len(running.served()) == 2 and running.out)
        first = running.served()[0]
        os.kill(first, number)
        running.wait_for(lambda: len(running.served()) == 3)
        assert not alive(first)
        (line,) = running.err.splitlines()
        assert '"level":"warning"' in line
        assert why in line
        assert running.end() == 0


def test_a_start_that_fails_ends_all(tmp_path: Path) -> None:
    with crew(tmp_path, "sys.exit(3)") as running:
        assert running.process.wait(PATIENCE) == 3
        assert running.out == ""
        assert "status 3" in running.err
        assert running.err.splitlines()[-1].count("no worker can start") == 1


def test_a_replacement_that_fails_is_tried_again_while_the_other_serves(tmp_path: Path) -> None:
    with crew(tmp_path) as running:
        running.wait_for(lambda: len(running.served()) == 2 and running.out)
        (tmp_path / "beginning.py").write_text("sys.exit(3)")
        first, second = running.served()
        os.kill(first, signal.SIGKILL)
        running.wait_for(lambda: running.err.count("status 3") >= 2)
        assert alive(second)
        (tmp_path / "beginning.py").unlink()
        running.wait_for(lambda: len(running.served()) == 3)
        assert running.end() == 0


def test_sighup_replaces_all_one_by_one(tmp_path: Path) -> None:
    with crew(tmp_path) as running:
        running.wait_for(lambda: len(running.served()) == 2 and running.out)
        before = running.served()
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: not any(map(alive, before)))
        after = running.served()[2:]
        assert len(after) == 2
        assert all(map(alive, after))
        assert running.end() == 0


def test_sighup_changes_nothing_when_the_new_ones_do_not_start(tmp_path: Path) -> None:
    with crew(tmp_path) as running:
        running.wait_for(lambda: len(running.served()) == 2 and running.out)
        (tmp_path / "beginning.py").write_text("sys.exit(3)")
        running.process.send_signal(signal.SIGHUP)
        running.wait_for(lambda: "the old ones stay" in running.err)
        assert all(map(alive, running.served()))
        assert running.end() == 0


def test_workers_end_when_nobody_watches_them(tmp_path: Path) -> None:
    with crew(tmp_path) as running:
        running.wait_for(lambda: len(running.served()) == 2 and running.out)
        running.process.kill()
        running.process.wait()
        running.wait_for(lambda: not any(map(alive, running.served())))
