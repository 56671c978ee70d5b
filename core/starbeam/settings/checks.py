"""Checks of single settings that a type and a range cannot express.

Each takes the value and raises `InvalidValue`; a Struct names its check in the field's ``Meta(extra=…)``.
"""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from pathlib import PurePath
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from starbeam.settings.errors import InvalidValue
from starbeam.settings.places import named, place_of

_API_ROOT = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_ORIGIN = re.compile(r"\*|https?://[^/\s]+")
_MYSQL = re.compile(r"mysql\+asyncmy://([^@/:]*(:[^@]*)?@)?[^@/]*/[^@/?]+(\?.*)?")
_SHARED = re.compile(r"rediss?://([^@/:]*(:[^@/:]*)?@)?([^@/:\[\]?#]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?(/\d*)?")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
_SPELLINGS = {
    "mysql": "mysql+asyncmy://user:password@host/database",
    "mariadb": "mysql+asyncmy://user:password@host/database",
    "sqlite": "sqlite+aiosqlite:///file.db",
}


def _wrong(expected: str, value: str) -> NoReturn:
    raise InvalidValue(f"expected {expected}", got=value)


def check_api_root(value: str) -> None:
    """Require a path that starts with a slash and does not end with one."""
    if not _API_ROOT.fullmatch(value):
        _wrong("a path such as /ispyb/api/v1 (starts with /, does not end with /)", value)


def check_origins(values: list[str]) -> None:
    """Require origins as browsers send them, or a star."""
    for value in values:
        if not _ORIGIN.fullmatch(value):
            _wrong('origins such as https://ispyb.example.org, without a path, or "*"', value)


def check_timezone(value: str) -> None:
    """Require a name of the IANA time zone database, or nothing."""
    try:
        zoneinfo.ZoneInfo(value or "UTC")
    except (KeyError, ValueError, OSError):  # unknown, not a name at all, the name of a folder of names
        _wrong("a time zone name such as Europe/Paris", value)


def check_proxies(values: list[str]) -> None:
    """Require IP addresses and networks."""
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            _wrong("addresses or networks such as 10.0.0.0/8", value)


def check_roots(values: list[str]) -> None:
    """Require absolute paths."""
    for value in values:
        if not PurePath(value).is_absolute():
            _wrong("absolute paths", value)


def check_unique(values: list[str]) -> None:
    """Require that nothing is listed twice."""
    for value in values:
        if values.count(value) > 1:
            _wrong("no name twice", value)


def check_database_url(value: str) -> None:
    """Require a URL of one of the two drivers; messages show its scheme only."""
    scheme = found[1] if (found := _SCHEME.match(value)) else ""
    if scheme == "sqlite+aiosqlite":
        if not value.startswith("sqlite+aiosqlite:///"):
            raise InvalidValue("expected sqlite+aiosqlite:/// and a path (three slashes)")
    elif scheme == "mysql+asyncmy":
        if not _MYSQL.fullmatch(value):
            raise InvalidValue(
                "expected mysql+asyncmy://user:password@host/database",
                "In the user and the password write @ as %40, : as %3A and / as %2F",
            )
        if not all(map(place_of, places := named(value))) or len({*places}) < len(places):
            raise InvalidValue("expected different hosts such as node1,node2:3307 between @ and /")
    else:
        _wrong_scheme(scheme)


def check_https(value: str) -> None:
    """Require https, or http on this machine: for what is believed, which nobody may change on its way."""
    parts = web_address(value)
    safe = parts and (parts.scheme == "https" or _is_local(parts.hostname or ""))
    if value and not safe:
        _wrong("an https:// address (http:// on this machine only)", value)


def web_address(value: str) -> SplitResult | None:
    """The parts of a plain address of the web, None for anything else."""
    try:
        parts = urlsplit(value)
        plain = parts.hostname and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        return None
    return parts if plain and parts.scheme in ("https", "http") else None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_shared_url(value: str) -> None:
    """Require a URL of Valkey or Redis, or nothing."""
    if value and not _SHARED.fullmatch(value):
        raise InvalidValue(
            "expected redis://:password@host:6379/0, or rediss:// with TLS",
            "In the password write @ as %40, : as %3A and / as %2F",
        )


def check_replicas(values: list[str]) -> None:
    """Require places of servers."""
    check_unique(values)
    for value in values:
        if place_of(value) is None:
            _wrong("hosts such as db2.example.org or db2.example.org:3307", value)


ISPYB, NONE = "ispyb", "none"


def check_tables(value: str) -> None:
    """Require where the tables of a plugin's own are: `ispyb`, `none`, or the URL of a second database."""
    if value not in (ISPYB, NONE):
        if "://" not in value:
            _wrong(f'"{ISPYB}", "{NONE}", or the URL of a second database', value)
        check_database_url(value)


def _wrong_scheme(scheme: str) -> NoReturn:
    got = f"got {scheme}://" if scheme else "got no scheme"
    spelling = _SPELLINGS.get(scheme.partition("+")[0])
    raise InvalidValue(
        f"expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, {got}",
        f"Write {spelling}" if spelling else "",
    )
