"""Settings: what is loaded from where, what every mistake says, and that no secret is shown."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from starbeam import settings as public
from starbeam.settings import (
    Auth,
    Database,
    InvalidValue,
    Section,
    Settings,
    SettingsError,
    load,
    redacted,
    secret_problem,
)
from starbeam.settings.convert import convert_located

CONFIG = Path(__file__).parents[2] / "config"
SECRET = "hunter2"
GOOD_KEY = "6f1d0c83b94e27a5d8e3b6f07c915a42e84b7d360fa91c5e2d78b3c6049fe1a7"


class LdapSettings(Section, frozen=True):
    """A plugin's settings with a required field and a name that ends like a file of a secret."""

    uri: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 389
    bind_password: str = ""
    ca_file: str = ""
    bases: list[str] = msgspec.field(default_factory=list)
    timeout: float | None = None


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A table in a list."""

    name: str
    least: int = 0

    def __post_init__(self) -> None:
        if self.least < 0:
            raise ValueError("least must not be negative")


class MappingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin's settings with tables inside, and a name in capitals."""

    rules: list[Rule] = []
    colours: dict[str, int] = {}
    first: Rule | None = None
    mode: Literal["fast", "exact"] = "exact"
    SERVER_URL: str = ""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def config(text: str) -> Path:
    """Write `text` as config.toml into the working directory and return its relative path."""
    path = Path("config.toml")
    path.write_text(text, encoding="utf-8")
    return path


def problems(text: str = "", environ: Mapping[str, str] = {}, overrides: Mapping[str, Any] = {}) -> list[str]:
    """Return what loading says is wrong."""
    with pytest.raises(SettingsError) as caught:
        load(config(text), environ, overrides)
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def to_toml(tables: Mapping[str, Any], prefix: str = "") -> str:
    """Write tables of plain values as TOML."""
    quoted = {msgspec.json.encode(name).decode(): value for name, value in tables.items()}
    lines = [f"{name} = {_value(value)}" for name, value in quoted.items() if not isinstance(value, Mapping)]
    for name, value in quoted.items():
        if isinstance(value, Mapping):
            lines += [f"[{prefix}{name}]", to_toml(value, f"{prefix}{name}.")]
    return "\n".join(lines)


def _value(value: Any) -> str:
    # TOML forbids a raw DEL in text; JSON leaves it as it is.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


WRONG_FILES = {
    "unknown key": ("[server]\nprot = 1", "server.prot: unknown key. Did you mean server.port?"),
    "unknown section": ("[servr]\nport = 1", "servr: unknown key. Did you mean server?"),
    "unlike anything": ("zzz = 1", "zzz: unknown key"),
    "key without its section": ("port = 1", "port: unknown key. Did you mean server.port?"),
    "key of another section": (
        "[server]\npool_size = 5",
        "server.pool_size: unknown key. Did you mean database.pool_size?",
    ),
    "type": ('[server]\nport = "x"', 'server.port: expected an integer from 1 to 65535, got "x"'),
    "range": ("[server]\nport = 70000", "server.port: expected an integer from 1 to 65535, got 70000"),
    "boolean for a number": (
        "[server]\nport = true",
        "server.port: expected an integer from 1 to 65535, got true",
    ),
    "lower bound": ("[server]\nworkers = 0", "server.workers: expected an integer of at least 1, got 0"),
    "zero size": ("[server]\nmax_body = 0", "server.max_body: expected an integer of at least 1, got 0"),
    "negative limit": (
        "[server]\nmax_limit = -1",
        "server.max_limit: expected an integer of at least 0, got -1",
    ),
    "empty host": ('[server]\nhost = ""', 'server.host: expected text that is not empty, got ""'),
    "section as value": ("server = 5", "server: expected a table, got 5"),
    "table for a value": (
        "[server.host]\na = 1",
        "server.host: expected text that is not empty, got a table",
    ),
    "list for a value": ("[files]\npath_map = []", "files.path_map: expected text, got an empty list"),
    "item of a list": ("[plugins]\nenabled = ['a', 5]", "plugins.enabled[1]: expected text, got 5"),
    "text for a list": ("[plugins]\nenabled = 'a'", 'plugins.enabled: expected a list of text, got "a"'),
    "listed twice": (
        "[plugins]\nenabled = ['a', 'b', 'a']",
        'plugins.enabled: expected no name twice, got "a"',
    ),
    "choice": (
        '[auth]\nalgorithm = "none"',
        'auth.algorithm: expected one of "HS256", "HS384", "HS512", got "none"',
    ),
    "boolean": ("[auth]\ntrust_token_claims = 1", "auth.trust_token_claims: expected true or false, got 1"),
    "lifetime": (
        "[auth]\ntoken_lifetime = 0",
        "auth.token_lifetime: expected an integer of at least 1, got 0",
    ),
    "api root": (
        '[server]\napi_root = "/api/"',
        "server.api_root: expected a path such as /ispyb/api/v1 (starts with /, does not end with /), "
        'got "/api/"',
    ),
    "origin": (
        '[server]\ncors_origins = ["https://a.org", "https://a.org/"]',
        "server.cors_origins: expected origins such as https://ispyb.example.org, without a path, "
        'or "*", got "https://a.org/"',
    ),
    "time zone": (
        '[server]\ntimezone = "Europe/Pari"',
        'server.timezone: expected a time zone name such as Europe/Paris, got "Europe/Pari"',
    ),
    "time zone folder": (
        '[server]\ntimezone = "Europe"',
        'server.timezone: expected a time zone name such as Europe/Paris, got "Europe"',
    ),
    "proxy": (
        '[server]\ntrusted_proxies = ["10.0.0.0/8", "localhost"]',
        'server.trusted_proxies: expected addresses or networks such as 10.0.0.0/8, got "localhost"',
    ),
    "relative root": ('[files]\nroots = ["data"]', 'files.roots: expected absolute paths, got "data"'),
    "timeout": (
        "[database]\nstatement_timeout = 0.0",
        "database.statement_timeout: expected a number above 0 and of at most 86400, got 0.0",
    ),
    "not a number": (
        "[database]\nstatement_timeout = nan",
        "database.statement_timeout: expected a number above 0 and of at most 86400, got nan",
    ),
    "use of a wrong type": (
        "[auth.backends.ldap]\nuse = 1",
        'auth.backends.ldap.use: expected the name of a plugin. For example use = "auth_ldap"',
    ),
    "backend as value": ("[auth.backends]\nldap = 1", "auth.backends.ldap: expected a table, got 1"),
    "plugin as value": ("[plugin]\nmapping = 1", "plugin.mapping: expected a table, got 1"),
    "syntax": (
        "[server]\nport 8000",
        "is not TOML: Expected '=' after a key in a key/value pair (at line 2, column 6)",
    ),
    "control characters": (
        '[server]\ntimezone = "a\\nb"',
        'server.timezone: expected a time zone name such as Europe/Paris, got "a\\nb"',
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_wrong_file(text: str, said: str) -> None:
    assert problems(text) == [f"config.toml: {said}"]


def test_use_is_required() -> None:
    said = 'auth.backends.ldap.use: is required. For example use = "auth_ldap"'
    assert problems("[auth.backends.ldap]") == [said]


WRONG_URLS = {
    f"mysql://u:{SECRET}@h/d": (
        "expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, got mysql://. "
        "Write mysql+asyncmy://user:password@host/database"
    ),
    f"mariadb://u:{SECRET}@h/d": (
        "expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, got mariadb://. "
        "Write mysql+asyncmy://user:password@host/database"
    ),
    f"mysql+mysqlconnector://u:{SECRET}@h/d": (
        "expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, "
        "got mysql+mysqlconnector://. Write mysql+asyncmy://user:password@host/database"
    ),
    "sqlite:///a.db": (
        "expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, got sqlite://. "
        "Write sqlite+aiosqlite:///file.db"
    ),
    f"postgresql://u:{SECRET}@h/d": (
        "expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, got postgresql://"
    ),
    f"u:{SECRET}@h/d": (
        "expected a URL that starts with sqlite+aiosqlite:/// or mysql+asyncmy://, got no scheme"
    ),
    "sqlite+aiosqlite://a.db": "expected sqlite+aiosqlite:/// and a path (three slashes)",
    f"mysql+asyncmy://u:{SECRET}@h": (
        "expected mysql+asyncmy://user:password@host/database. "
        "In the user and the password write @ as %40, : as %3A and / as %2F"
    ),
    f"mysql+asyncmy://u:{SECRET}@{SECRET}@h/d": (
        "expected mysql+asyncmy://user:password@host/database. "
        "In the user and the password write @ as %40, : as %3A and / as %2F"
    ),
    **dict.fromkeys(
        (f"mysql+asyncmy://u:{SECRET}@{hosts}/d" for hosts in ("a,,b", "a,b:c", "a,b,a")),
        "expected different hosts such as node1,node2:3307 between @ and /",
    ),
}


@pytest.mark.parametrize(("url", "said"), WRONG_URLS.items())
def test_wrong_database_url_is_not_echoed(url: str, said: str) -> None:
    assert problems(f'[database]\nurl = "{url}"') == [f"config.toml: database.url: {said}"]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///starbeam.db",
        "sqlite+aiosqlite:////var/lib/starbeam.db",
        "mysql+asyncmy://user:p%40ss@host:3306/ispyb?charset=utf8mb4",
        "mysql+asyncmy://user@[::1]:3306/ispyb",
        "mysql+asyncmy://user:p%40ss@db1,db2:3307,[::1]:3308/ispyb",
        "mysql+asyncmy://user@/ispyb?unix_socket=/run/mysqld/mysqld.sock",
    ],
)
def test_database_url(url: str) -> None:
    assert load(None, {"STARBEAM_DATABASE__URL": url}).settings.database.url == url


WRONG_VARIABLES = {
    "unknown section": (
        {"STARBEAM_SERVR__PORT": "1"},
        "environment STARBEAM_SERVR__PORT: servr.port: unknown key. Did you mean STARBEAM_SERVER__PORT?",
    ),
    "unknown key": (
        {"STARBEAM_SERVER__PROT": "1"},
        "environment STARBEAM_SERVER__PROT: server.prot: unknown key. Did you mean STARBEAM_SERVER__PORT?",
    ),
    "below a value": (
        {"STARBEAM_SERVER__PORT__X": "1"},
        "environment STARBEAM_SERVER__PORT__X: server.port.x: unknown key. "
        "Did you mean STARBEAM_SERVER__PORT?",
    ),
    "type": (
        {"STARBEAM_SERVER__PORT": "x"},
        'environment STARBEAM_SERVER__PORT: server.port: expected an integer from 1 to 65535, got "x"',
    ),
    "more than one value": (
        {"STARBEAM_SERVER__PORT": "1\nhost = 2"},
        "environment STARBEAM_SERVER__PORT: server.port: expected an integer from 1 to 65535, "
        'got "1\\nhost = 2"',
    ),
    "missing file": (
        {"STARBEAM_AUTH__SECRET_KEY_FILE": "missing"},
        "environment STARBEAM_AUTH__SECRET_KEY_FILE: auth.secret_key: "
        "the file missing cannot be read: No such file or directory",
    ),
    "value and file": (
        {"STARBEAM_AUTH__SECRET_KEY": "a", "STARBEAM_AUTH__SECRET_KEY_FILE": "missing"},
        "environment STARBEAM_AUTH__SECRET_KEY_FILE: auth.secret_key: "
        "is set twice, also by environment STARBEAM_AUTH__SECRET_KEY",
    ),
    "two spellings": (
        {"STARBEAM_SERVER__PORT": "1", "starbeam_server__port": "2"},
        "environment starbeam_server__port: server.port: "
        "is set twice, also by environment STARBEAM_SERVER__PORT",
    ),
}


@pytest.mark.parametrize(("environ", "said"), WRONG_VARIABLES.values(), ids=WRONG_VARIABLES)
def test_wrong_variable(environ: dict[str, str], said: str) -> None:
    assert problems(environ=environ) == [said]


@pytest.mark.parametrize("service", ["STARBEAM", "STARBEAM_WEB", "STARBEAM_SERVER", "STARBEAM__TEST"])
def test_variables_of_a_service_are_no_settings(service: str) -> None:
    """Kubernetes makes these of a service, Docker of a linked container."""
    environ = {
        f"{service}_SERVICE_HOST": "10.0.48.109",
        f"{service}_SERVICE_PORT": "80",
        f"{service}_SERVICE_PORT_HTTP": "80",
        f"{service}_PORT": "tcp://10.0.48.109:80",
        f"{service}_PORT_8000_TCP": "tcp://10.0.48.109:8000",
        f"{service}_PORT_8000_TCP_PROTO": "tcp",
        f"{service}_PORT_53_UDP_ADDR": "10.0.48.109",
        f"{service}_NAME": "/web/starbeam",
        "STARBEAM_ENV_STARBEAM_SERVER__PORT": "9",
    }
    assert load(None, environ).settings == Settings()


def test_an_override_of_a_whole_table() -> None:
    backends = {"staff": {"use": "auth_ldap", "uri": "ldaps://staff", "port": 0}}
    loaded = load(None, {}, {"auth.backends": backends, "plugin": {"mapping": {"mode": "fast"}}})
    assert loaded.plugin_settings("mapping", MappingSettings).mode == "fast"
    assert loaded.origin("auth.backends.staff.uri") == "command line"
    with pytest.raises(SettingsError) as caught:
        loaded.backend_settings("staff", LdapSettings)
    said = "auth.backends.staff.port: expected an integer from 1 to 65535, got 0"
    assert str(caught.value) == f"command line: {said}"


def test_wrong_override() -> None:
    assert problems(overrides={"server.prot": 1, "server.port": "8000"}) == [
        "command line: server.prot: unknown key. Did you mean server.port?",
        'command line: server.port: expected an integer from 1 to 65535, got "8000"',
    ]


def test_all_problems_of_all_places_are_found() -> None:
    text = '[server]\nport = 0\n[files]\nroots = ["a"]\n[auth.backends.x]'
    found = problems(text, {"STARBEAM_A__B": "", "STARBEAM_SERVER__WORKERS": "many"}, {"plugins.on": []})
    assert {problem.partition(":")[0] for problem in found} == {
        "config.toml",
        "environment STARBEAM_A__B",
        "environment STARBEAM_SERVER__WORKERS",
        "command line",
        "auth.backends.x.use",
    }
    assert len(found) == 6


def test_file_that_cannot_be_read() -> None:
    with pytest.raises(SettingsError) as missing:
        load(Path("missing.toml"), {"STARBEAM_SERVER__PROT": "1"})
    first, second = missing.value.problems
    assert str(first).startswith("missing.toml: cannot be read: No such file or directory. Name another")
    assert second.file_or_origin == "environment STARBEAM_SERVER__PROT"
    Path("latin1.toml").write_bytes('timezone = "Zürich"'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"^latin1\.toml: is not UTF-8 text$"):
        load(Path("latin1.toml"), {})


def test_defaults() -> None:
    loaded = load(None, {"HOME": "/root", "STARBEAM_CONFIG": "x.toml"})
    assert loaded.settings == Settings()
    assert loaded.origin("server.port") == "default"


def test_later_wins() -> None:
    path = config("[server]\nhost = 'file'\nport = 1\nworkers = 2\n[database]\npool_size = 3")
    environ = {"STARBEAM_SERVER__PORT": "2", "STARBEAM_SERVER__WORKERS": "3"}
    loaded = load(path, environ, {"server.workers": 4})
    server = loaded.settings.server
    assert (server.host, server.port, server.workers, server.max_limit) == ("file", 2, 4, 0)
    assert [loaded.origin(f"server.{key}") for key in ("host", "port", "workers", "max_limit")] == [
        "config.toml",
        "environment STARBEAM_SERVER__PORT",
        "command line",
        "default",
    ]
    assert loaded.settings.database == Database(pool_size=3)
    assert (loaded.origin("database"), loaded.origin("files")) == ("config.toml", "default")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("server.cors_origins", "https://a.org, https://b.org", ["https://a.org", "https://b.org"]),
        ("server.cors_origins", ' ["https://a.org"]', ["https://a.org"]),
        ("server.cors_origins", "*", ["*"]),
        ("server.cors_origins", "", []),
        ("server.max_body", "1_000", 1000),
        ("server.host", "8000", "8000"),
        ("server.host", '"quoted"', '"quoted"'),
        ("database.statement_timeout", "5", 5.0),
        ("auth.trust_token_claims", "true", True),
        ("auth.algorithm", "HS512", "HS512"),
    ],
)
def test_text_of_a_variable(name: str, text: str, value: Any) -> None:
    section, key = name.split(".")
    settings = load(None, {f"STARBEAM_{section}__{key}".upper(): text}).settings
    found = getattr(getattr(settings, section), key)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("content", "value"), [("a\n", "a"), ("a", "a"), ("a\n\n", "a\n"), ("", "")])
def test_value_from_a_file(content: str, value: str) -> None:
    Path("secret").write_text(content)
    loaded = load(None, {"STARBEAM_AUTH__SECRET_KEY_FILE": "secret"}, {})
    assert loaded.settings.auth.secret_key == value
    assert loaded.origin("auth.secret_key") == "environment STARBEAM_AUTH__SECRET_KEY_FILE"


TWO_PLUGINS = """
[plugin.auth_ldap]
uri = "ldaps://shared"
port = 636
[plugin.mapping]
mode = "fast"
SERVER_URL = "file"
colours = { red = 1 }
[auth.backends.staff]
use = "auth_ldap"
[auth.backends.Users]
use = "auth_ldap"
uri = "ldaps://users"
[auth.backends.dummy]
use = "auth_dummy"
"""


def test_two_plugins() -> None:
    environ = {
        "STARBEAM_PLUGIN__AUTH_LDAP__BASES": "ou=a, ou=b",
        "STARBEAM_PLUGIN__AUTH_LDAP__CA_FILE": "/etc/ca.pem",
        "STARBEAM_PLUGIN__AUTH_LDAP__TIMEOUT": "2.5",
        "STARBEAM_PLUGIN__MAPPING__SERVER_URL": "environment",
        "STARBEAM_PLUGIN__MAPPING__COLOURS__BLUE": "2",
        "STARBEAM_PLUGIN__MAPPING__FIRST": '{name = "a"}',
        "STARBEAM_PLUGIN__MAPPING__FIRST__LEAST": "3",
    }
    loaded = load(config(TWO_PLUGINS), environ, {"plugin.auth_ldap.port": 637})
    assert loaded.plugin_settings("auth_ldap", LdapSettings) == LdapSettings(
        uri="ldaps://shared", port=637, ca_file="/etc/ca.pem", bases=["ou=a", "ou=b"], timeout=2.5
    )
    assert loaded.plugin_settings("mapping", MappingSettings) == MappingSettings(
        mode="fast", SERVER_URL="environment", colours={"red": 1, "blue": 2}, first=Rule("a", 3)
    )
    assert loaded.origin("plugin.mapping.SERVER_URL") == "environment STARBEAM_PLUGIN__MAPPING__SERVER_URL"
    assert loaded.origin("plugin.mapping.colours.red") == "config.toml"


def test_plugin_without_a_section() -> None:
    loaded = load(None, {})
    assert loaded.plugin_settings("mapping", MappingSettings) == MappingSettings()
    with pytest.raises(SettingsError, match=r"^plugin\.auth_ldap\.uri: is required$"):
        loaded.plugin_settings("auth_ldap", LdapSettings)


def test_capitals_of_a_plugin_only_in_the_environment() -> None:
    loaded = load(None, {"STARBEAM_PLUGIN__MAPPING__SERVER_URL": "x"})
    assert loaded.plugin_settings("mapping", MappingSettings).SERVER_URL == "x"


def test_backends() -> None:
    Path("secret").write_text(f"{SECRET}\n")
    environ = {
        "STARBEAM_AUTH__BACKENDS__USERS__BIND_PASSWORD_FILE": "secret",
        "STARBEAM_AUTH__BACKENDS__EXTRA__USE": "auth_ldap",
        "STARBEAM_AUTH__BACKENDS__EXTRA__PORT": "1389",
    }
    loaded = load(config(TWO_PLUGINS), environ)
    assert list(loaded.settings.auth.backends) == ["staff", "Users", "dummy", "extra"]
    assert list(loaded.backends("auth_ldap")) == ["staff", "Users", "extra"]
    assert loaded.backends("auth_dummy") == {"dummy": {"use": "auth_dummy"}}
    shared = LdapSettings(uri="ldaps://shared", port=636)
    assert loaded.backend_settings("staff", LdapSettings) == shared
    assert loaded.backend_settings("extra", LdapSettings) == msgspec.structs.replace(shared, port=1389)
    assert loaded.backend_settings("Users", LdapSettings) == LdapSettings(
        uri="ldaps://users", port=636, bind_password=SECRET
    )
    key = "auth.backends.Users.bind_password"
    assert loaded.origin(key) == "environment STARBEAM_AUTH__BACKENDS__USERS__BIND_PASSWORD_FILE"


def test_problems_of_a_backend_name_the_table_that_has_them() -> None:
    text = '[plugin.auth_ldap]\nport = 0\n[auth.backends.staff]\nuse = "auth_ldap"\nurl = "x"'
    loaded = load(config(text), {"STARBEAM_AUTH__BACKENDS__STAFF__PROT": "1"})
    with pytest.raises(SettingsError) as caught:
        loaded.backend_settings("staff", LdapSettings)
    assert str(caught.value).splitlines() == [
        "environment STARBEAM_AUTH__BACKENDS__STAFF__PROT: auth.backends.staff.prot: unknown key. "
        "Did you mean STARBEAM_AUTH__BACKENDS__STAFF__PORT?",
        "config.toml: auth.backends.staff.url: unknown key. Did you mean auth.backends.staff.uri?",
        "auth.backends.staff.uri: is required",
        "config.toml: plugin.auth_ldap.port: expected an integer from 1 to 65535, got 0",
    ]


def test_problems_inside_a_plugin() -> None:
    text = """
    [plugin.mapping]
    mode = "slow"
    colours = { red = "1" }
    first = { name = "a", least = -1 }
    rules = [{ name = "a" }, { nam = "b" }, { name = 1 }]
    """
    with pytest.raises(SettingsError) as caught:
        load(config(text), {}).plugin_settings("mapping", MappingSettings)
    assert str(caught.value).splitlines() == [
        "config.toml: plugin.mapping.rules[1].nam: unknown key. Did you mean plugin.mapping.rules[1].name?",
        "plugin.mapping.rules[1].name: is required",
        "config.toml: plugin.mapping.rules[2].name: expected text, got 1",
        'config.toml: plugin.mapping.colours.red: expected an integer, got "1"',
        "config.toml: plugin.mapping.first: least must not be negative",
        'config.toml: plugin.mapping.mode: expected one of "exact", "fast", got "slow"',
    ]


def located(path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """A file whose name is the key in capitals, and the key below the table `a.b`."""
    return ".".join(("a", "b", *path)).upper(), ("a", "b", *path)


def test_convert() -> None:
    assert convert_located({"uri": "x", "port": 1}, LdapSettings, located) == LdapSettings("x", 1)
    with pytest.raises(SettingsError) as caught:
        convert_located({"port": 0}, LdapSettings, located)
    assert [str(problem) for problem in caught.value.problems] == [
        "a.b.uri: is required",
        "A.B.PORT: a.b.port: expected an integer from 1 to 65535, got 0",
    ]


def test_check_of_a_plugin_hides_secrets() -> None:
    def refuse(value: str) -> None:
        raise InvalidValue("expected something else", got=value)

    class Checked(Struct):
        api_token: Annotated[str, Meta(extra={"check": refuse})]
        colour: Annotated[str, Meta(extra={"check": refuse})]

    with pytest.raises(SettingsError) as caught:
        convert_located({"api_token": SECRET, "colour": "red"}, Checked, located)
    assert str(caught.value).splitlines() == [
        "A.B.API_TOKEN: a.b.api_token: expected something else, got a value that is not shown",
        'A.B.COLOUR: a.b.colour: expected something else, got "red"',
    ]


SECRET_PLACES: list[tuple[str, dict[str, str]]] = [
    (f'[auth]\nsecret_key = ["{SECRET}"]', {}),
    (f'[database]\nurl = ["mysql://u:{SECRET}@h/d"]', {}),
    (f'[server]\nport = "https://u:{SECRET}@h"', {}),
    (f'[server]\nport = "https://h/?access_token={SECRET}"', {}),
    (
        f'[plugin.auth_ldap]\nuri = "x"\nport = "{SECRET}"',
        {"STARBEAM_PLUGIN__AUTH_LDAP__PORT_FILE": "secret"},
    ),
    (f'[plugin.auth_ldap]\nuri = "x"\nbind_password = ["{SECRET}"]', {}),
    ("", {"STARBEAM_SERVER__PORT_FILE": "secret"}),
    ("", {"STARBEAM_SERVER__TIMEZONE_FILE": "secret"}),
    (f"[auth]\nsecret_key = {SECRET}", {}),
]


@pytest.mark.parametrize(("text", "environ"), SECRET_PLACES)
def test_errors_show_no_secret(text: str, environ: dict[str, str]) -> None:
    Path("secret").write_text(SECRET)
    with pytest.raises(SettingsError) as caught:
        load(config(text), environ).plugin_settings("auth_ldap", LdapSettings)
    assert caught.value.problems
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert SECRET not in repr(caught.value.problems)


def secretive() -> public.Loaded:
    """Return settings with a secret wherever one can be."""
    text = f"""
    [database]
    url = "mysql+asyncmy://u:{SECRET}@h/d?ssl_password={SECRET}"
    [auth]
    secret_key = "{SECRET}"
    [auth.backends.ldap]
    use = "auth_ldap"
    bind_password = "{SECRET}"
    [plugin.auth_ldap]
    uri = "ldap://u:{SECRET}@h"
    port = 636
    client_secret = 7
    tokens = {{ a = "{SECRET}", b = ["{SECRET}"] }}
    servers = [{{ password = "{SECRET}" }}]
    """
    return load(config(text), {})


def test_repr_shows_no_secret() -> None:
    loaded = secretive()
    settings = loaded.settings
    assert settings.auth.secret_key == SECRET
    for shown in (
        loaded,
        settings,
        settings.auth,
        settings.database,
        LdapSettings("x", bind_password=SECRET),
    ):
        assert SECRET not in repr(shown)
        assert SECRET not in str(shown)
    assert repr(Auth(secret_key=SECRET)).startswith("Auth(secret_key='********', algorithm='HS256', token_")
    assert SECRET not in str(settings.auth.__rich_repr__())


def test_redacted() -> None:
    shown = redacted(secretive())
    assert SECRET not in str(shown)
    assert shown["database"]["url"] == "mysql+asyncmy://u:********@h/d?ssl_password=********"
    assert shown["auth"] == {
        "secret_key": "********",
        "algorithm": "HS256",
        "token_lifetime": 300,
        "onetime_lifetime": 10,
        "trust_token_claims": False,
        "backends": {"ldap": {"use": "auth_ldap", "bind_password": "********"}},
    }
    assert shown["plugin"]["auth_ldap"] == {
        "uri": "ldap://u:********@h",
        "port": 636,
        "client_secret": "********",
        "tokens": {"a": "********", "b": "********"},
        "servers": [{"password": "********"}],
    }
    assert redacted(load(None, {}))["auth"]["secret_key"] == ""


HOW_TO = "Make one with: openssl rand -hex 32"


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", f"auth.secret_key is empty. {HOW_TO}"),
        ("  ", f"auth.secret_key is empty. {HOW_TO}"),
        (GOOD_KEY[:31], f"auth.secret_key is shorter than 32 bytes. {HOW_TO}"),
        ("a" * 64, f"auth.secret_key repeats a few characters, which is easy to guess. {HOW_TO}"),
        ("abc" * 20, f"auth.secret_key repeats a few characters, which is easy to guess. {HOW_TO}"),
        *(
            (secret, f"auth.secret_key looks like an example, which anyone can guess. {HOW_TO}")
            for secret in (
                "secret",
                "mysecretkey",
                "changeme",
                "change-me-to-something-long-and-random",
                "REPLACE_ME",
                "1234567890123456789012345678901234567890",
                "YOUR_SECRET",
                "please-change-this-key-before-production!",
            )
        ),
        (GOOD_KEY, None),
        (GOOD_KEY[:32], None),
    ],
)
def test_secret_problem(secret: str, said: str | None) -> None:
    assert secret_problem(secret) == said


def test_default_file_is_the_structs() -> None:
    text = (CONFIG / "default.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text) == msgspec.to_builtins(Settings())
    comments = " ".join(re.findall(r"^# ?(.*)$", text, re.MULTILINE))
    for description in descriptions(Settings):
        assert description in comments


def descriptions(struct: type[Struct]) -> list[str]:
    """Return the descriptions of the settings and free tables of a Struct."""
    found: list[str] = []
    for item in msgspec.structs.fields(struct):
        kind, *metas = get_args(item.type)
        if isinstance(kind, type) and issubclass(kind, Struct):
            found += descriptions(kind)
        else:
            found += [meta.description for meta in metas if meta.description]
    return found


@pytest.mark.parametrize("name", ["default", "demo", "production", "test"])
def test_shipped_files_load(name: str) -> None:
    assert load(CONFIG / f"{name}.toml", {}).settings.server.api_root == "/ispyb/api/v1"


@pytest.mark.parametrize("name", ["demo", "production"])
def test_shipped_files_hold_no_secret(name: str) -> None:
    loaded = load(CONFIG / f"{name}.toml", {})
    assert loaded.settings.auth.secret_key == ""
    assert redacted(loaded)["database"]["url"] == loaded.settings.database.url


def test_shipped_test_file_has_a_good_key() -> None:
    assert secret_problem(load(CONFIG / "test.toml", {}).settings.auth.secret_key) is None


texts = st.text(st.characters(codec="utf-8"), max_size=20)
keys = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
values = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
free_tables = st.dictionaries(keys, values | st.dictionaries(keys, values, max_size=2), max_size=4)
backend_tables = st.builds(lambda table, use: {**table, "use": use}, free_tables, keys)
all_settings = st.builds(
    Settings,
    server=st.builds(
        public.Server,
        host=texts.filter(bool),
        port=st.integers(1, 65535),
        workers=st.integers(1, 64),
        api_root=st.sampled_from(["/ispyb/api/v1", "/a"]),
        cors_origins=st.sampled_from([[], ["*"], ["https://a.org", "http://localhost:3000"]]),
        timezone=st.sampled_from(["", "UTC", "Europe/Paris"]),
        trusted_proxies=st.sampled_from([[], ["::1", "10.0.0.0/8"]]),
    ),
    database=st.builds(
        Database,
        pool_size=st.integers(1, 100),
        statement_timeout=st.floats(0, 86_400, exclude_min=True, allow_subnormal=False),
        ssl_ca=texts,
    ),
    auth=st.builds(Auth, secret_key=texts, backends=st.dictionaries(keys, backend_tables, max_size=3)),
    files=st.builds(public.Files, roots=st.lists(texts.map("/".__add__), max_size=3), path_map=texts),
    plugins=st.builds(public.Plugins, enabled=st.lists(keys, unique=True), files=st.lists(texts)),
    plugin=st.dictionaries(keys, free_tables, max_size=3),
)


@given(all_settings)
def test_file_round_trip(settings: Settings) -> None:
    loaded = load(config(to_toml(msgspec.to_builtins(settings))), {})
    assert loaded.settings == settings
    assert list(loaded.settings.auth.backends) == list(settings.auth.backends)
