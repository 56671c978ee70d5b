"""The demo's files: of the proposal mx1001, and of the newest session of each technique.

Rows that were made before name them; here the files are written, and maps are added. Rows of other sessions
name files that are not there, as in a facility that has archived them.
"""

from __future__ import annotations

from starbeam_demo.world import World


async def fill(world: World) -> None:
    """Write the files of the chosen data collections, and of all that hangs on them."""
    from starbeam_demo import measured, named  # only now: they take a second to import

    jobs = measured.chosen(world)
    await measured.write(world, jobs)
    await named.write(world, jobs)
