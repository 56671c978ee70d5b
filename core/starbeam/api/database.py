"""Statements, the shape of rows, visibility, writes, and answers that are kept for seconds."""

from starbeam.cache import Cache
from starbeam.db.columns import Column, enum_values
from starbeam.db.counts import Count, Counts, counted, kept
from starbeam.db.engine import Database
from starbeam.db.equality import Keys, keys_of
from starbeam.db.functions import (
    as_datetime,
    containing,
    contains,
    digest,
    found_for_row,
    joined,
    seconds_between,
    whole,
)
from starbeam.db.limits import NotTaken, cut, fitting
from starbeam.db.mariadb import TABLE_OPTIONS
from starbeam.db.reader import Reader, Reads
from starbeam.db.rows import Rows
from starbeam.db.schema import Schema, reflect
from starbeam.db.scope import (
    BEHALF_BEAMLINES,
    BEHALF_ID,
    CALLER_BEAMLINES,
    CALLER_ID,
    CALLER_PROPOSALS,
    EARLIEST,
    LATEST,
    NOW,
    Recipe,
    Scope,
    bound_by,
    statement,
)
from starbeam.db.shape import Shape
from starbeam.db.sqlite import COLLATION
from starbeam.db.trouble import Trouble, first_line, is_taken, refers_to_nothing, trouble, waited
from starbeam.db.writer import Listener, Write, Writer, Writes, refusing, sent
from starbeam.db.written import RowWritten, Written, noted, noting, rows_of
from starbeam.fields import OPTIONAL, REQUIRED
from starbeam.patch import Patch
from starbeam.repeats import Begun, KeyedRequest, Remembered, Repeats
from starbeam.sheets import Sheet
from starbeam.store import Store
from starbeam.visibility import Allow, Condition, Named, Narrow, Reason, Rule, through

__all__ = [
    "BEHALF_BEAMLINES",
    "BEHALF_ID",
    "CALLER_BEAMLINES",
    "CALLER_ID",
    "CALLER_PROPOSALS",
    "COLLATION",
    "EARLIEST",
    "LATEST",
    "NOW",
    "OPTIONAL",
    "REQUIRED",
    "TABLE_OPTIONS",
    "Allow",
    "Begun",
    "Cache",
    "Column",
    "Condition",
    "Count",
    "Counts",
    "Database",
    "KeyedRequest",
    "Keys",
    "Listener",
    "Named",
    "Narrow",
    "NotTaken",
    "Patch",
    "Reader",
    "Reads",
    "Reason",
    "Recipe",
    "Remembered",
    "Repeats",
    "RowWritten",
    "Rows",
    "Rule",
    "Schema",
    "Scope",
    "Shape",
    "Sheet",
    "Store",
    "Trouble",
    "Write",
    "Writer",
    "Writes",
    "Written",
    "as_datetime",
    "bound_by",
    "containing",
    "contains",
    "counted",
    "cut",
    "digest",
    "enum_values",
    "first_line",
    "fitting",
    "found_for_row",
    "is_taken",
    "joined",
    "kept",
    "keys_of",
    "noted",
    "noting",
    "refers_to_nothing",
    "reflect",
    "refusing",
    "rows_of",
    "seconds_between",
    "sent",
    "statement",
    "through",
    "trouble",
    "waited",
    "whole",
]
