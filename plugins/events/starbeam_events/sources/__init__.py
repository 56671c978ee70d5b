"""The sources of events: what one is, and those that this plugin brings."""

from starbeam_events.sources.base import BEFORE, SINCE, EventFilters, EventSource, Query, Wanted, in_text
from starbeam_events.sources.collections import DataCollections
from starbeam_events.sources.table import TableSource
from starbeam_events.sources.tables import ENERGY_SCANS, ROBOT_ACTIONS, SPECTRA

BUNDLED: tuple[EventSource, ...] = (DataCollections(), ROBOT_ACTIONS, SPECTRA, ENERGY_SCANS)
"""In the order in which `/events/types` names them."""

__all__ = [
    "BEFORE",
    "BUNDLED",
    "ROBOT_ACTIONS",
    "SINCE",
    "DataCollections",
    "EventFilters",
    "EventSource",
    "Query",
    "TableSource",
    "Wanted",
    "in_text",
]
