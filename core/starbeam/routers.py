"""Routers of one app."""

from __future__ import annotations

from typing import Any, Self

from litestar import Router


class OwnRouter(Router):
    """A router that is made for one app, and put into one router of it.

    Litestar copies a router that is put into another, and all handlers in it, for it might be put into two.
    That took half of a start.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
