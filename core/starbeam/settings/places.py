"""Addresses of databases that name several servers: `mysql+asyncmy://user:password@db1,db2:3307/ispyb`."""

from __future__ import annotations

import re
from typing import NamedTuple

_SEVERAL = re.compile(r"(?P<before>[^:]+://(?:[^@/]*@)?)(?P<places>[^@/?]*,[^@/?]*)(?P<after>/.*)")
_PLACE = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:]+)\]|(?P<name>[^\s:,/@?\[\]]+))(?::(?P<port>\d{1,5}))?")
PORT = 3306
"""Where MariaDB listens, unless an address says otherwise."""


class Place(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        """As settings write it, with the port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def place_of(text: str) -> Place | None:
    """The place that a text such as `db1` or `db1:3307` names, None where it names none."""
    found = _PLACE.fullmatch(text)
    if found is None or not 0 < (port := int(found["port"] or PORT)) < 65536:
        return None
    return Place(found["v6"] or found["name"], port)


def named(address: str) -> list[str]:
    """What an address names, where it names several servers; else nothing."""
    found = _SEVERAL.fullmatch(address)
    return found["places"].split(",") if found else []


def first_of(address: str) -> str:
    """The address with the first of several servers alone."""
    found = _SEVERAL.fullmatch(address)
    return found["before"] + named(address)[0] + found["after"] if found else address
