"""A node of an HDF5 file as its page shows it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_IN_WORDS = {3: "text", 7: "reference"}
"""HDF5's classes of types that have no numbers: H5T_STRING and H5T_REFERENCE."""


def word_of(type: Mapping[str, Any] | None) -> str:
    """What to call a type: as NumPy writes it, if it is of numbers."""
    return "" if type is None else _IN_WORDS.get(type["class"]) or str(type["dtype"])


class Node:
    """What a reader said of a node, in words, and what of its values is shown."""

    def __init__(self, said: Mapping[str, Any], path: str, index: Sequence[int]) -> None:
        self.said = said
        self.path = path
        self.kind: str = said["kind"]
        self.shape: list[int] | None = said.get("shape")
        self.chunks: list[int] | None = said.get("chunks")
        self.total: int = said.get("total", 0)
        self.values: Any = said.get("values")
        self.unreadable: str | None = said.get("unreadable")
        self.members: list[dict[str, Any]] | None = said.get("members")
        self.attributes: list[dict[str, Any]] = said["attributes"]
        self.place: int | None = said.get("place")
        """In the group that it is in, from 0."""
        self.level: int = said.get("level", 0)
        """How many there are in that."""
        self.before: str | None = said.get("before")
        self.after: str | None = said.get("after")
        """The names of its neighbours."""
        self.listed: list[dict[str, Any]] = said.get("beside") or self.members or []
        """What the tree lists: the members of a group, else what is around the node."""
        lengths = (self.shape or [])[:-2]
        self.axes = [
            (length, min(max(place, 0), length - 1))
            for length, place in zip(lengths, [*index, *[0] * len(lengths)], strict=False)
        ]
        """Length and place of each axis before the last two."""

    @property
    def above(self) -> list[tuple[str, str]]:
        """Names and paths of the groups on the way to what the tree lists, the file first."""
        parts = self.path.strip("/").split("/") if self.path != "/" else []
        ways = [("/", "/"), *((name, "/" + "/".join(parts[:end])) for end, name in enumerate(parts, 1))]
        return ways[:-1] if self.said.get("beside") else ways

    @property
    def base(self) -> str:
        """What the paths of what the tree lists begin with."""
        return self.above[-1][1].rstrip("/")

    def neighbour(self, name: str) -> str:
        """The path of one."""
        return self.path.rpartition("/")[0] + "/" + name

    @property
    def type(self) -> str:
        """The type of the values."""
        return word_of(self.said.get("type"))

    @property
    def filters(self) -> str:
        """What the values are packed with."""
        return ", ".join(str(one.get("name") or one.get("id")) for one in self.said.get("filters") or [])

    @property
    def is_plane(self) -> bool:
        """Whether there is a picture of it: numbers along two axes and more."""
        numbers = re.fullmatch(r"[<>|=]?[biuf]\d+", self.type) is not None
        return numbers and len(self.shape or []) >= 2 and all(self.shape or [])

    @property
    def selection(self) -> str:
        """Which part the picture is of."""
        return ",".join([*(str(place) for _, place in self.axes), ":", ":"])

    def rows(self, skip: int) -> list[tuple[int, Any]]:
        """Index and value of what is shown of a list."""
        return list(enumerate(self.values, skip))

    @property
    def line(self) -> str:
        """The numbers of a list as a path in a square of 100 by 100, up is more; empty without any."""
        values = self.values
        if not isinstance(values, list) or len(values) < 2:
            return ""
        numbers = [one for one in values if _is_number(one)]
        return _path(values, min(numbers), max(numbers)) if numbers else ""

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest of these numbers."""
        numbers = [one for one in self.values if _is_number(one)]
        return min(numbers), max(numbers)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _path(values: Sequence[Any], least: float, most: float) -> str:
    words, joined = [], False
    for place, value in enumerate(values):
        known = _is_number(value)
        if known:
            x = 100 * place / (len(values) - 1)
            y = 100 * (most - value) / (most - least) if most > least else 50
            words.append(f"{'L' if joined else 'M'}{x:.4g} {y:.4g}")
        joined = known
    return "".join(words)
