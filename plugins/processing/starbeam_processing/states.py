"""What came of a run of a program, in one word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

SILENT = timedelta(days=1)
"""After so long without news a program is not said to run any more."""


ORDER = ("ok", "warn", "run", "bad", "off")
"""Of the kinds of states, where programs are counted by them."""


class State(NamedTuple):
    """A state as pages show it."""

    kind: str
    """Of the badge: ok, bad, warn, run or off."""
    word: str


DONE = State("ok", "done")
WARNED = State("warn", "with warnings")
FAILED = State("bad", "failed")
ABORTED = State("bad", "aborted")
DID_NOT_RUN = State("off", "did not run")
RUNNING = State("run", "running")
NO_NEWS = State("off", "no news")


def state_of(run: Any, now: datetime, warned: bool = False) -> State:
    """The state of a run; `warned`: it has messages that are warnings or errors."""
    match run.processingStatus:
        case 1:
            return WARNED if warned else DONE
        case 0:
            return ABORTED if "abort" in (run.processingMessage or "").lower() else FAILED
        case 2:
            return DID_NOT_RUN
    heard = run.processingEndTime or run.processingStartTime or run.recordTimeStamp
    return RUNNING if heard is None or now - heard < SILENT else NO_NEWS
