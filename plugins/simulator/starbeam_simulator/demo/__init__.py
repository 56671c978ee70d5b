"""The demo's files: of the proposal mx1001, and of the newest session of each technique.

Rows that other generators made name them; here the files are written, and maps are added. Rows of other
sessions name files that are not there, as in a facility that has archived them.
"""

from __future__ import annotations

from starbeam.demo import DemoData, DemoWorld


async def fill(world: DemoWorld) -> None:
    """Write the files of the chosen data collections in `made["collections"]`, and of all that hangs on
    them."""
    from starbeam_simulator.demo import measured, named  # only now: they take a second to import

    jobs = measured.chosen(world)
    await measured.write(world, jobs)
    await named.write(world, jobs)


DATA = DemoData("Frames, pictures and maps", fill)
"""Run last: it builds on the rows of all others."""
