"""What a plugin adds to lists of others: fields of their rows, an order, the whole list without a page.

class TitledSession(Session):
    title: str | None

Extension(SESSIONS, TitledSession, fields={"title": Proposal.title}, unpaged=1000)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msgspec import Struct

    from starbeam.db.lists import List


class Extension:
    """What becomes of the list `of` while a plugin is enabled.

    Its rows are Structs of `struct`, a subclass of theirs; `fields` says where its further fields come from,
    and what else fills those that there are, out of `joins`. `unpaged` is how many rows a program gets that
    sends neither `skip` nor `limit`. `first` are columns by which rows come before all others
    where a filter is given.
    """

    def __init__(
        self,
        of: List[Any],
        struct: type[Struct],
        *,
        fields: Mapping[str, Any],
        joins: Any = None,
        unpaged: int | None = None,
        first: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        self.of = of
        self.list: List[Any] = of.extended(
            of.shape.extended(struct, **fields), joins=joins, unpaged=unpaged, first=first
        )
        """The list as it is then."""


def together(extensions: Iterable[Extension]) -> dict[Any, Any]:
    """By list and by shape: what is served instead."""
    found: dict[Any, Any] = {}
    for one in extensions:
        found |= {one.of: one.list, one.of.shape: one.list.shape}
    return found


def structs_of(extensions: Iterable[Extension]) -> dict[type[Any], type[Any]]:
    """By Struct: the one that is answered instead, and of those in them too."""
    return {old: new for one in extensions for old, new in one.of.shape.pairs(one.list.shape)}
