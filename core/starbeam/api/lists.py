"""Describe a list: its rows, filters and orders, pages, and the parameters that a request gives."""

from starbeam.db.extensions import Extension
from starbeam.db.lists import Asked, Bound, Choice, Filters, List, Listing, Where, askable, text_in
from starbeam.db.sorting import SORTING, Direction, Order, sorted_by
from starbeam.paging import LARGEST, Page, Paged, everything, nothing, number_of
from starbeam.params import (
    BeamLineName,
    ProposalId,
    ProposalName,
    Search,
    SessionName,
    path_id,
    query,
    query_id,
)

__all__ = [
    "LARGEST",
    "SORTING",
    "Asked",
    "BeamLineName",
    "Bound",
    "Choice",
    "Direction",
    "Extension",
    "Filters",
    "List",
    "Listing",
    "Order",
    "Page",
    "Paged",
    "ProposalId",
    "ProposalName",
    "Search",
    "SessionName",
    "Where",
    "askable",
    "everything",
    "nothing",
    "number_of",
    "path_id",
    "query",
    "query_id",
    "sorted_by",
    "text_in",
]
