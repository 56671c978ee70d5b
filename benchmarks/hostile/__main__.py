"""Plays what attackers tried against a server of its own, and prints a line for each: what came, good or not.

PYTHONPATH=tests:. python -m benchmarks.hostile [LETTER …]
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks.hostile import connections, files
from benchmarks.hostile.attacks import ATTACKS, TESTS, Attack
from benchmarks.hostile.site import Victim, attacked, timed


def main(letters: list[str]) -> int:
    """Try these letters, by default all; how many are not good."""
    wanted = letters or [*ATTACKS, "M3", *TESTS]
    bad = 0
    with attacked(files.write) as victim:
        victim.get("/data/h5grove/meta/", dataCollectionId=files.LARGE)  # what starts late has started
        for letter in wanted:
            for title, attack in ATTACKS.get(letter, []):
                bad += not _tell(letter, title, *_tried(attack, victim))
        if "M3" in wanted:
            for title, said, good in connections.tried(f"http://127.0.0.1:{victim.running.port}", 40):
                bad += not _tell("M3", title, said, good=good)
    for letter in wanted:
        for test in TESTS.get(letter, []):
            bad += not _tell(letter, test.split("::")[1], *_tested(test))
    return bad


def _tried(attack: Attack, victim: Victim) -> tuple[str, bool]:
    try:
        (said, good), seconds = timed(lambda: attack(victim))
    except Exception as error:  # the server fell, or said something else than it should
        return f"{type(error).__name__}: {error}", False
    return f"{said} ({seconds:.0f} s)", good


def _tested(test: str) -> tuple[str, bool]:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", test]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return (ended.stdout.strip().splitlines() or ["nothing"])[-1].strip("= "), ended.returncode == 0


def _tell(letter: str, title: str, said: str, good: bool) -> bool:
    print(f"{letter:3} {title:36.36} {said:75} {'good' if good else 'NOT GOOD'}", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
