"""`starbeam simulate`, and its old name `ispyb.simulate`."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from starbeam.api.commands import Failure, build, cli, config_option, require_file, steps
from starbeam_simulator.errors import SimulationError

if TYPE_CHECKING:
    from starbeam.api.tools import Starbeam
    from starbeam_simulator.simulation import Collected, Simulator

T = TypeVar("T")

STEPS = 5
"""How many steps a simulation tells."""


class SimulationFailed(Failure):
    """Ends the command in one line, and a hint."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write both to stderr."""
        click.echo(f"Simulation Error: {self.message}", err=True)
        if self.hint:
            click.echo(f"  {self.hint}", err=True)


@click.command()
@click.argument("beamline", required=False)
@click.argument("experiment", required=False)
@config_option
@click.option(
    "--simulation",
    metavar="FILE",
    envvar="SIMULATION_CONFIG",
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="What is simulated: YAML or TOML, instead of plugin.simulator.simulation_config.",
)
@click.option(
    "--delay", type=click.FloatRange(0), default=5, show_default=True, help="Seconds to collect for."
)
@click.option("--seed", default="simulator", show_default=True, help="What made-up content is drawn from.")
@click.option("--live", is_flag=True, help="Go on with any of the experiments until stopped.")
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    default=2,
    show_default=True,
    help="With --live: events a minute.",
)
@click.option("--debug", is_flag=True, help="Show a traceback when it fails.")
def simulate(
    beamline: str | None,
    experiment: str | None,
    config: Path | None,
    simulation: Path | None,
    delay: float,
    seed: str,
    live: bool,
    rate: float,
    debug: bool,
) -> None:
    """Simulate a data collection. EXPERIMENT is one of the simulation's configuration, on a beamline.

    Its rows, all that they hang on, and its files are written. When it fails, or is interrupted, nothing is
    left behind.
    """
    starbeam = build(config)
    require_file(starbeam.database)
    try:
        if live:
            _live(_simulator(starbeam, simulation, seed), beamline, rate)
        else:
            _once(_simulator(starbeam, simulation, seed), beamline, experiment, delay)
    except SimulationError as error:
        if debug:
            traceback.print_exc()
        raise SimulationFailed(str(error), error.hint) from error


def _simulator(starbeam: Starbeam, file: Path | None, seed: str) -> Simulator:
    """What simulates, by the configuration that the command line, the environment or the settings name."""
    from starbeam_simulator import configuration
    from starbeam_simulator.simulation import Simulator

    plugin = starbeam.plugins.enabled.get("simulator")
    named = getattr(plugin.settings, "simulation_config", "") if plugin else ""
    if file is None and not named:
        raise SimulationError(
            "nothing says what to simulate",
            "Give --simulation FILE, or set plugin.simulator.simulation_config or SIMULATION_CONFIG. "
            f"To start from: {configuration.EXAMPLE}",
        )
    loaded = configuration.load(file or Path(named))
    for warning in loaded.warnings:
        _warn(warning)
    return Simulator(starbeam, loaded, _warn, seed)


def _warn(warning: str) -> None:
    click.echo(f"Warning: {warning}", err=True)


def _once(simulator: Simulator, beamline: str | None, experiment: str | None, delay: float) -> None:
    if beamline is None or experiment is None:
        known = simulator.simulation
        raise SimulationError(
            "a beamline and an experiment are needed",
            f"Beamlines: {', '.join(known.sessions)}. Experiments: {', '.join(known.experiments)}.",
        )

    async def run() -> Collected:
        with steps(f"simulating {experiment} on {beamline}", STEPS) as tell:
            return await simulator.run(beamline, experiment, delay=delay, tell=tell)

    collected = _until_signal(simulator.starbeam, run())
    click.echo(f"data collection {collected.dataCollectionId} in {collected.folder}")
    files = simulator.starbeam.files
    if simulator.starbeam.settings.files.roots and not files.serves(collected.folder):
        _warn(f"{collected.folder} is outside of files.roots: its files are not served")
    if url := simulator.simulation.ispyb_url:
        click.echo(f"{url.rstrip('/')}/visit/{collected.visit.name}/id/{collected.dataCollectionId}")


def _live(simulator: Simulator, beamline: str | None, rate: float) -> None:
    from starbeam_simulator import live

    if beamline is None:
        raise SimulationError(
            "a beamline is needed", f"There are: {', '.join(simulator.simulation.sessions)}"
        )
    click.echo(f"{rate:g} events a minute on {beamline}; Ctrl-C stops", err=True)
    with suppress(Interrupted):
        _until_signal(simulator.starbeam, live.run(simulator, beamline, 60 / rate, click.echo))


class Interrupted(SimulationFailed):
    """A signal ended the command; the exit status tells which."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted; nothing is left behind", status=128 + number)


def _until_signal(starbeam: Starbeam, work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, or until the first SIGINT or SIGTERM: then the work cleans up, and `Interrupted` is
    raised. A second signal ends the process at once."""
    import asyncio  # only now: the help imports this module

    received: list[int] = []

    async def main() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

        def stop(number: int) -> None:
            received.append(number)
            for other in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(other)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        try:
            return await task
        finally:
            await starbeam.database.close()

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        raise Interrupted(received[0] if received else signal.SIGINT) from None


def main() -> None:
    """Run `starbeam simulate` under its old name."""
    from starbeam.api.tools import logs  # only now: it is slow to import

    logs.configure()
    cli.main(["simulate", *sys.argv[1:]], prog_name="ispyb.simulate")
