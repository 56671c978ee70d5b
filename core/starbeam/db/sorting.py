"""Sorting of lists by what the caller asks for: the parameters `order_by` and `order`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

from starbeam.db.lists import Asked
from starbeam.db.scope import Scope
from starbeam.params import query

OrderBy = Callable[[Scope, Asked], list[Any]]


class Order(StrEnum):
    """A direction to sort in."""

    ASC = "asc"
    DESC = "desc"


SORTING = query("What to sort by")
Direction = Annotated[Order | None, query("Direction to sort in", title="Order")]


def sorted_by(orders: Mapping[Any, Callable[[Scope], list[Any]]], key: Any, default: Order) -> OrderBy:
    """What `order_by` and `order` ask for, then the key, all in one direction."""

    def columns(scope: Scope, asked: Asked) -> list[Any]:
        by = orders.get(asked.choice("order_by"))
        wanted = [*(by(scope) if by else ()), key]
        descending = (asked.choice("order") or default) is Order.DESC
        return [column.desc() if descending else column.asc() for column in wanted]

    return columns
