"""Events that keep coming: for watching a user interface, for load tests, for training people."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import timedelta

from starbeam.api import NOBODY
from starbeam_ispyb.models import RobotAction
from starbeam_simulator.errors import SimulationError
from starbeam_simulator.parents import find_session
from starbeam_simulator.simulation import Simulator
from starbeam_simulator.stopping import finished

_FAILS = 0.05
"""How many mountings fail."""


async def run(simulator: Simulator, beamline: str, interval: float, tell: Callable[[str], object]) -> None:
    """Write an event every `interval` seconds: a sample is mounted, and then measured, in turn. Runs until it
    is cancelled; what is under way then is undone."""
    simulation = simulator.simulation
    if beamline not in simulation.sessions:
        raise SimulationError(
            f"no beamline is called {beamline}", "There are: " + ", ".join(simulation.sessions)
        )
    chance = random.Random(simulator.seed)  # noqa: S311 - repeatable
    loop = asyncio.get_running_loop()
    due, number = loop.time(), 0
    while True:
        if number % 2 == 0:
            tell(await finished(_mount(simulator, beamline, chance)))
        else:
            experiment = chance.choice(list(simulation.experiments))
            made = await simulator.run(beamline, experiment, delay=0, tell=lambda step: None)
            tell(f"{experiment}: data collection {made.dataCollectionId}")
        number += 1
        due = max(due + interval, loop.time())
        await asyncio.sleep(due - loop.time())


async def _mount(simulator: Simulator, beamline: str, chance: random.Random) -> str:
    """A robot action; what was done."""
    starbeam = simulator.starbeam
    now = starbeam.clock.now().replace(microsecond=0)
    fails = chance.random() < _FAILS
    write = await starbeam.write(NOBODY)
    async with write.opened() as writer:
        visit = await find_session(writer.session, simulator.configuration, beamline)
        writer.session.add(
            RobotAction(
                blsessionId=visit.sessionId,
                actionType="LOAD",
                startTimestamp=now - timedelta(seconds=chance.randint(25, 60)),
                endTimestamp=now,
                status="ERROR" if fails else "SUCCESS",
                message="No pin detected on the goniometer" if fails else None,
                containerLocation=chance.randint(1, 16),
                dewarLocation=chance.randint(1, 8),
            )
        )
    return "mounting failed" if fails else "mounted"
