"""The settings of this plugin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class SimulatorSettings(Section, frozen=True):
    """`[plugin.simulator]`."""

    simulation_config: Annotated[
        str,
        Meta(
            description="The file that describes what `starbeam simulate` simulates: YAML, or TOML.",
            examples=["/etc/starbeam/simulation.yml"],
        ),
    ] = ""
