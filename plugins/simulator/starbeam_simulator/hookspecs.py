"""The hooks that this plugin adds: what others do around a simulated data collection.

Implement them with ``@hookimpl(optionalhook=True)``, so that the plugin also works where `simulator` is not
enabled.
"""

from __future__ import annotations

from starbeam.api import hookspec


@hookspec
def before_datacollection(data_collection_id: int) -> None:
    """A data collection's rows are there, its files are not yet. Runs in a thread.

    Merge: all are called, in plugin order; an error undoes the simulation.
    """
    raise NotImplementedError


@hookspec
def after_datacollection(data_collection_id: int) -> None:
    """A data collection's files are there too, and its time is over. Runs in a thread.

    Merge: all are called, in plugin order; an error undoes the simulation.
    """
    raise NotImplementedError
