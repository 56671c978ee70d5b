"""Indexes that plugins' queries want. Nothing creates one: ``starbeam db indexes`` prints what is missing."""

from __future__ import annotations

import msgspec


class Index(msgspec.Struct, frozen=True):
    """An index that makes queries of a plugin cheap: on these columns of a table, in this order.

    `why` says which operation gains, in a few words for whoever runs the database.
    """

    table: str
    columns: tuple[str, ...]
    why: str
