"""From the settings of a py-ispyb installation to a configuration of Starbeam."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from starbeam.api.commands import toml, toml_key
from starbeam.api.settings import bundled

Table = dict[str, Any]

HEAD = "# Made by `starbeam config import`. `starbeam config check` tells what is missing.\n"
_DRIVERS = {"mysql": "mysql+asyncmy", "mariadb": "mysql+asyncmy", "sqlite": "sqlite+aiosqlite"}
_URL = re.compile(
    r"(\w+)(?:\+\w+)?://"
    r"((?:[^:/]*(?::[^@]*)?@)?"  # user and password
    r"(?:\[[^/?]+\]|[^:/?]*)(?::\d+)?"  # host and port
    r"(?:/[^?]*)?)"
    r"(?:\?.*)?"
)
"""A URL as SQLAlchemy reads it: dialect and driver, what is carried over, options of the driver."""
_ALGORITHMS = ("HS256", "HS384", "HS512")
_MEANINGLESS = "has no meaning here"


class Unreadable(Exception):
    """A file that is not what it should be; the text says which and why."""


def translate(env: Path, auth: Path | None) -> tuple[str, list[str]]:
    """The configuration as TOML, and a sentence for each setting that it does not hold.

    `env` is the file of variables, `auth` that of the log-in plugins. Raises `Unreadable`.
    """
    left: list[str] = []
    sections = ("server", "database", "auth", "files", "plugin.simulator")
    tables: dict[str, Table] = {section: {} for section in sections}
    for name, value in read_env(_text(env)).items():
        _carry(name.upper(), value, tables, left, auth)
    backends = dict(_backends(auth, left)) if auth else {}
    domains = [name for name in bundled() if not name.startswith("auth_")]
    tables["plugins"] = {"enabled": sorted({*domains, *(table["use"] for table in backends.values())})}
    for name, table in backends.items():
        tables[f"auth.backends.{toml_key(name)}"] = table
    left.append("which folders files may be served from: set files.roots, without it none are")
    return HEAD + "".join(map(_section, tables, tables.values())), left


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} cannot be read: {getattr(error, 'strerror', 'it is no text')}") from error


def _section(name: str, table: Table) -> str:
    lines = [f"{key} = {toml(value)}\n" for key, value in table.items()]
    return f"\n[{name}]\n" + "".join(lines) if lines else ""


def read_env(text: str) -> dict[str, str]:
    """The variables of an env file: lines ``NAME=value``, quoted or not, with comments."""
    found = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals or not name.strip().isidentifier():
            raise Unreadable(f"line {number} is not NAME=value")
        found[name.strip()] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"') and value.find(value[0], 1) > 0:
        return value[1 : value.index(value[0], 1)]
    return value.partition(" #")[0].rstrip()


# Variables

Carry = Callable[[str], tuple[str, str, Any]]
"""From a variable's text to section, key and value. Raises ValueError with what is wrong."""


def _url(text: str) -> tuple[str, str, Any]:
    if (url := _URL.fullmatch(text)) is None:
        raise ValueError("is no database URL")
    if (driver := _DRIVERS.get(url[1])) is None:
        raise ValueError("names a database that is neither MariaDB nor SQLite")
    return "database", "url", f"{driver}://{url[2]}"


def _algorithm(text: str) -> tuple[str, str, Any]:
    if text not in _ALGORITHMS:
        raise ValueError(f"is {text}: tokens are signed with {', '.join(_ALGORITHMS)} only")
    return "auth", "algorithm", text


def _number(section: str, key: str) -> Carry:
    def carry(text: str) -> tuple[str, str, Any]:
        if not text.isdecimal():
            raise ValueError("is no whole number")
        return section, key, int(text)

    return carry


def _origins(text: str) -> tuple[str, str, Any]:
    return "server", "cors_origins", ["*"] if text.lower() in ("1", "true", "yes", "on") else []


_CARRIED: Mapping[str, Carry] = {
    "API_ROOT": lambda text: ("server", "api_root", text.rstrip("/")),
    "SQLALCHEMY_DATABASE_URI": _url,
    "ISPYB_DATABASE_POOL": _number("database", "pool_size"),
    "ISPYB_DATABASE_OVERFLOW": _number("database", "max_overflow"),
    "SECRET_KEY": lambda text: ("auth", "secret_key", text),
    "JWT_CODING_ALGORITHM": _algorithm,
    "TOKEN_EXP_TIME": _number("auth", "token_lifetime"),
    "CORS": _origins,
    "PATH_MAP": lambda text: ("files", "path_map", text),
    "SIMULATION_CONFIG": lambda text: ("plugin.simulator", "simulation_config", text),
}
_LEFT: Mapping[str, str] = {
    "QUERY_DEBUG": "is the runtime option query_debug, which administrators change in /options",
    "SERVICE_NAME": _MEANINGLESS,
    "STATIC_ROOT": _MEANINGLESS,
    "QUERIES_DIR": _MEANINGLESS,
}


def _carry(name: str, text: str, tables: dict[str, Table], left: list[str], auth: Path | None) -> None:
    if name == "AUTH_CONFIG":
        if auth is None:
            left.append(f"AUTH_CONFIG: give the file {text} as second argument")
        return
    if name not in _CARRIED:
        left.append(f"{name} {_LEFT.get(name, 'is not known')}")
        return
    if not text:
        return
    try:
        section, key, value = _CARRIED[name](text)
    except ValueError as error:
        left.append(f"{name} {error}")
        return
    tables[section][key] = value


# Log-in plugins


def _backends(path: Path, left: list[str]) -> Iterator[tuple[str, Table]]:
    import yaml  # not above: without this file it is not needed

    try:
        listed = yaml.safe_load(_text(path))["AUTH"]
        entries = [pair for one in listed for pair in one.items()]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise Unreadable(f"{path} is no YAML with a list AUTH") from None
    for name, entry in entries:
        if not isinstance(entry, dict) or not entry.get("ENABLED"):
            left.append(f"the log-in {name}, which is not enabled")
            continue
        kind = str(entry.get("AUTH_CLASS", "")).lower()
        carry = next((carry for word, carry in _KINDS.items() if word in kind), None)
        if carry is None:
            left.append(f"the log-in {name}: write a plugin for {entry.get('AUTH_CLASS')}")
            continue
        yield str(name), carry(str(name), entry.get("CONFIG") or {}, left)


def _dummy(name: str, given: Mapping[str, Any], left: list[str]) -> Table:
    left.append(f"that {name} lets everybody in: if this is a test system, add test_system = true to it")
    return {"use": "auth_dummy"}


def _ldap(name: str, given: Mapping[str, Any], left: list[str]) -> Table:
    uri = str(given.get("LDAP_URI", ""))
    if uri.startswith("ldap://"):
        left.append(f"that {name} speaks without TLS: StartTLS is demanded unless start_tls = false")
    if given.get("LDAP_BASE_GROUPS"):
        left.append(f"LDAP_BASE_GROUPS of {name}: groups are kept in the database, and were not read there")
    return {
        "use": "auth_ldap",
        "uri": uri,
        "user_dn": f"uid={{login}},{given.get('LDAP_BASE_INTERNAL', '')}",
    }


def _keycloak(name: str, given: Mapping[str, Any], left: list[str]) -> Table:
    if given.get("KEYCLOAK_CLIENT_SECRET_KEY"):
        left.append(f"KEYCLOAK_CLIENT_SECRET_KEY of {name}: tokens are checked without it")
    return {
        "use": "auth_keycloak",
        "server_url": str(given.get("KEYCLOAK_SERVER_URL", "")),
        "realm": str(given.get("KEYCLOAK_REALM_NAME", "")),
        "client_id": str(given.get("KEYCLOAK_CLIENT_ID", "")),
        "mode": "userinfo",
    }


_KINDS: Mapping[str, Callable[[str, Mapping[str, Any], list[str]], Table]] = {
    "dummy": _dummy,
    "ldap": _ldap,
    "keycloak": _keycloak,
}
