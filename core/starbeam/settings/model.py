"""The settings: one Struct per section of the configuration file, each field with its description.

The reference page and ``config/default.toml`` say what these Structs say; tests hold them equal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import fields

from starbeam.settings import checks
from starbeam.settings.secrets import hide


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of a section: frozen, refuses unknown keys, and shows no secret when it is printed."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return each field with its value, secrets hidden."""
        return [(item.name, hide(item.name, getattr(self, item.name))) for item in fields(self)]

    def __repr__(self) -> str:
        """Return the section as Python would write it, secrets hidden."""
        inside = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({inside})"


def _doc(
    description: str, *examples: Any, check: Callable[[Any], None] | None = None, ge: int | None = None
) -> Meta:
    """Return the metadata of a field: what documentation shows, its lower bound and its check."""
    return Meta(
        description=description,
        examples=list(examples) or None,
        extra={"check": check} if check else None,
        ge=ge,
    )


class Server(Section, frozen=True):
    """The HTTP server."""

    host: Annotated[
        str, Meta(min_length=1), _doc("Address to listen on. 0.0.0.0: every address of the machine.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535), _doc("TCP port to listen on.", 8000)] = 8000
    workers: Annotated[int, _doc("Number of worker processes.", 4, ge=1)] = 1
    api_root: Annotated[
        str, _doc("Path under which the API is served.", "/ispyb/api/v1", check=checks.check_api_root)
    ] = "/ispyb/api/v1"
    cors_origins: Annotated[
        list[str],
        _doc(
            "Origins of the web pages that may call the API, with credentials. "
            'Empty: none. "*": every page, but without credentials.',
            ["https://ispyb.example.org"],
            check=checks.check_origins,
        ),
    ] = field(default_factory=list)
    timezone: Annotated[
        str,
        _doc(
            "Time zone of the times in the database, by its IANA name. Empty: that of the machine.",
            "Europe/Paris",
            check=checks.check_timezone,
        ),
    ] = ""
    trusted_proxies: Annotated[
        list[str],
        _doc(
            "Addresses or networks of the reverse proxies that are believed whom they ask for, in"
            " X-Forwarded-For, else Forwarded, else X-Real-IP, and by X-Forwarded-Proto whether with TLS.",
            ["10.0.0.0/8"],
            check=checks.check_proxies,
        ),
    ] = field(default_factory=list)
    metrics_from: Annotated[
        list[str],
        _doc(
            "Addresses or networks that may read /metrics, the figures for Prometheus. Empty: nobody.",
            ["127.0.0.1", "10.1.2.3"],
            check=checks.check_proxies,
        ),
    ] = field(default_factory=list)
    max_connections: Annotated[
        int, _doc("Most connections of clients at a time, of each worker.", 1000, ge=1)
    ] = 1000
    max_body: Annotated[int, _doc("Largest request body, in bytes.", 10_485_760, ge=1)] = 10_485_760
    max_limit: Annotated[int, _doc("Largest page (limit) of a list. 0: no bound.", 1000, ge=0)] = 0


class Database(Section, frozen=True):
    """The ISPyB database."""

    url: Annotated[
        str,
        _doc(
            "Where the database is: an SQLite file, a MariaDB server, or the nodes of a Galera cluster, of "
            "which the first that is ready is used.",
            "sqlite+aiosqlite:///starbeam.db",
            "mysql+asyncmy://user:password@host/ispyb",
            "mysql+asyncmy://user:password@node1,node2,node3:3307/ispyb",
            check=checks.check_database_url,
        ),
    ] = "sqlite+aiosqlite:///starbeam.db"
    replicas: Annotated[
        list[str],
        _doc(
            "Servers that replicate the one of `url`, as host or host:port: lists and pages are read from "
            "them, with its account.",
            ["db2.example.org", "db3.example.org:3307"],
            check=checks.check_replicas,
        ),
    ] = field(default_factory=list)
    replica_lag: Annotated[
        float,
        Meta(ge=2, le=60),
        _doc(
            "Seconds by which a replica may be behind; one that is further behind is not read from. So long "
            "may the answer to a change wait for replicas.",
            3.0,
        ),
    ] = 3.0
    pool_size: Annotated[
        int, _doc("Connections that each worker keeps open for reads, and as many for writes.", 10, ge=1)
    ] = 10
    max_overflow: Annotated[
        int, _doc("Connections that each worker may open beyond pool_size, again for both.", 20, ge=0)
    ] = 20
    statement_timeout: Annotated[
        float, Meta(gt=0, le=86_400), _doc("Longest time a statement may take, in seconds.", 30.0)
    ] = 30.0
    ssl_ca: Annotated[
        str,
        _doc(
            "File with the certificates that sign the database server's. Empty: no TLS.",
            "/etc/ssl/certs/ca.pem",
        ),
    ] = ""


class Shared(Section, frozen=True):
    """What servers on several hosts share; without it each worker counts and looks by itself."""

    url: Annotated[
        str,
        _doc(
            "Valkey or Redis, which all servers of this installation name. With TLS: rediss://. Empty: none.",
            "redis://:password@valkey.example.org:6379/0",
            check=checks.check_shared_url,
        ),
    ] = ""
    ssl_ca: Annotated[
        str,
        _doc(
            "File with the certificates that sign its own, with rediss://. Empty: those of the machine.",
            "/etc/ssl/certs/ca.pem",
        ),
    ] = ""


class Auth(Section, frozen=True):
    """Tokens, and the backends that check who logs in."""

    secret_key: Annotated[
        str, _doc("Key that signs the tokens: at least 32 random bytes. Keep it out of this file.")
    ] = ""
    algorithm: Annotated[
        Literal["HS256", "HS384", "HS512"], _doc("Algorithm that signs the tokens.", "HS256")
    ] = "HS256"
    token_lifetime: Annotated[int, _doc("How long a token is valid, in minutes.", 300, ge=1)] = 300
    onetime_lifetime: Annotated[int, _doc("How long a one-time token is valid, in seconds.", 10, ge=1)] = 10
    trust_token_claims: Annotated[
        bool,
        _doc("Believe the permissions in a token instead of asking the database's.", False),
    ] = False
    backends: Annotated[
        dict[str, dict[str, Any]],
        _doc(
            "One table per login backend: `use` names its plugin, the rest are that plugin's settings. "
            "Clients see the names, in this order.",
            {"ldap": {"use": "auth_ldap", "uri": "ldaps://ldap.example.org"}},
        ),
    ] = field(default_factory=dict)


class Files(Section, frozen=True):
    """The files that the database names."""

    roots: Annotated[
        list[str],
        _doc(
            "Folders below which files may be served. Empty: no file is served.",
            ["/data"],
            check=checks.check_roots,
        ),
    ] = field(default_factory=list)
    path_map: Annotated[
        str, _doc("Text put in front of every path of the database, as it is.", "/mnt/storage")
    ] = ""


class Plugins(Section, frozen=True):
    """Which plugins run."""

    enabled: Annotated[
        list[str],
        _doc("Names of the plugins to run.", ["auth_ldap", "ispyb", "proposals"], check=checks.check_unique),
    ] = field(default_factory=list)
    files: Annotated[
        list[str],
        _doc("Manifests (entrypoints.toml) of plugins that are not packages.", ["/etc/starbeam/local.toml"]),
    ] = field(default_factory=list)
    dir: Annotated[
        str,
        _doc(
            "Folder of which every file NAME.py is the plugin NAME, enabled by being there. Empty: none.",
            "/etc/starbeam/plugins",
        ),
    ] = ""


class Settings(Section, frozen=True):
    """All settings of a server."""

    server: Annotated[Server, _doc("The HTTP server.")] = field(default_factory=Server)
    database: Annotated[Database, _doc("The ISPyB database.")] = field(default_factory=Database)
    shared: Annotated[Shared, _doc("What servers on several hosts share.")] = field(default_factory=Shared)
    auth: Annotated[Auth, _doc("Tokens and login backends.")] = field(default_factory=Auth)
    files: Annotated[Files, _doc("The files that the database names.")] = field(default_factory=Files)
    plugins: Annotated[Plugins, _doc("Which plugins run.")] = field(default_factory=Plugins)
    plugin: Annotated[
        dict[str, dict[str, Any]], _doc("One table per plugin, with that plugin's own settings.")
    ] = field(default_factory=dict)
