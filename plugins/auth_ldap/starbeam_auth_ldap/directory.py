"""The conversation with a directory. Everything here blocks: it is meant for threads."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import ldap3
import msgspec
import structlog
from ldap3.core import results
from ldap3.core.exceptions import LDAPException, LDAPSessionTerminatedByServerError
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn
from msgspec.structs import astuple

from starbeam.api.auth import BackendUnavailable, NotVerified
from starbeam_auth_ldap.settings import LOGIN, LdapSettings, Server

log = structlog.get_logger("starbeam.auth_ldap")

AWAY = "The directory that checks log-ins does not answer. Please try again later."
REST_SECONDS = 30.0
"""How long a server that did not answer is asked only after the others."""
_REFUSED = {
    results.RESULT_CONSTRAINT_VIOLATION: "the account is locked",  # 389 Directory Server, after many tries
    results.RESULT_REFERRAL: "another directory has this person",
    results.RESULT_NO_SUCH_OBJECT: "no such person",
    results.RESULT_INVALID_DN_SYNTAX: "the login makes no name of an entry",
    results.RESULT_INAPPROPRIATE_AUTHENTICATION: "the entry has no password",
    results.RESULT_INVALID_CREDENTIALS: "wrong password",
    results.RESULT_INSUFFICIENT_ACCESS_RIGHTS: "the entry may not be used to log in",
    results.RESULT_UNWILLING_TO_PERFORM: "the account is switched off",
}
"""Answers that mean "not this person", and not "ask later"."""


_LOCKS = ("pwdAccountLockedTime", "nsAccountLock", "userAccountControl")
"""Where OpenLDAP, 389 Directory Server and Active Directory say that an account is locked."""
_BY_HAND = b"000001010000Z"
"""Since then an account is locked that an administrator locked. One that is locked for wrong passwords is not
meant: anybody can type these."""
_SWITCHED_OFF = 2
"""The bit of Active Directory."""


class Entry(msgspec.Struct, frozen=True):
    """An entry of the directory: its name, and the bytes of its attributes by lower-case name."""

    dn: str
    attributes: Mapping[str, list[bytes]]


class _Failed(Exception):
    """The server answered, but with something that says nothing of the person."""


class _Tls(ldap3.Tls):  # type: ignore[misc]  # ldap3 carries no types
    """TLS with Python's own checks of certificate and host name.

    ldap3's checks rely on a function that Python has deprecated, and it sends no host name to the server.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Put TLS around the connection's socket."""
        host = connection.server.host
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=host)


class Directory:
    """One directory and its servers. Each question is a connection of its own, closed before the answer.

    ldap3's pool of servers is not used: it keeps what it knows of a server per connection, for ever.
    """

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._servers = settings.servers
        self._tls = _Tls(ssl.create_default_context(cafile=settings.ca_file or None))
        self._failed_at: dict[Server, float] = {}
        wanted = [settings.login_attribute, *astuple(settings.attributes), *_LOCKS]
        self._attributes = sorted({name for name in wanted if name})

    def person(self, login: str, password: str) -> Entry:
        """The entry of the person of this login, if the password is right; else raises `NotVerified`.

        Raises `BackendUnavailable` when no server answers.
        """
        return self._asked(lambda connection: self._ask(connection, login, password))

    def lets_on(self, login: str) -> bool:
        """Whether there is one entry of this login, and it is not locked. Raises `BackendUnavailable` when no
        server answers."""
        try:
            return not _is_locked(self._asked(lambda connection: self._find(connection, login)))
        except NotVerified:
            return False

    def _asked(self, ask: Callable[[Any], Entry]) -> Entry:
        """What the first server that answers says. Raises `NotVerified` and `BackendUnavailable`."""
        for server in self._in_order():
            try:
                with self._connected(server) as connection:
                    return ask(connection)
            except (LDAPException, OSError, _Failed) as error:
                self._note(server, error)
        raise BackendUnavailable(AWAY)

    def reach(self) -> None:
        """Connect to a server and hang up. Raises `BackendUnavailable` when none can be reached."""
        for server in self._in_order():
            try:
                socket.create_connection((server.host, server.port), self._settings.timeout).close()
            except OSError as error:
                self._note(server, error)
            else:
                return
        raise BackendUnavailable(AWAY)

    def _in_order(self) -> list[Server]:
        """The servers as configured, those that failed lately last."""
        resting = time.monotonic() - REST_SECONDS
        return sorted(self._servers, key=lambda server: self._failed_at.get(server, resting) > resting)

    def _note(self, server: Server, error: Exception) -> None:
        self._failed_at[server] = time.monotonic()
        said = f"{type(error).__name__}: {error}"
        log.warning("directory does not answer", server=f"{server.host}:{server.port}", error=said)

    @contextmanager
    def _connected(self, server: Server) -> Iterator[Any]:
        """A connection, behind TLS unless the settings allow otherwise; nobody is bound yet."""
        timeout = self._settings.timeout
        where = ldap3.Server(  # not shared: ldap3 keeps the state of a connection on it
            f"[{server.host}]" if ":" in server.host else server.host,
            *(server.port, server.ldaps),
            get_info=ldap3.NONE,
            tls=self._tls,
            connect_timeout=timeout,
        )
        connection = ldap3.Connection(
            where, receive_timeout=timeout, auto_referrals=False, check_names=False, auto_escape=False
        )
        try:
            connection.open(read_server_info=False)
            if self._settings.start_tls and not server.ldaps:
                connection.start_tls(read_server_info=False)
            yield connection
        finally:
            _close(connection)

    def _ask(self, connection: Any, login: str, password: str) -> Entry:
        if self._settings.base:
            found = self._find(connection, login)
            _bind(connection, found.dn, password)
            return found
        dn = self._settings.user_dn.replace(LOGIN, escape_rdn(login))
        _bind(connection, dn, password, unsure=" or no such person")
        return self._read(connection, dn)

    def _find(self, connection: Any, login: str) -> Entry:
        """The one entry of this login, found by the service account."""
        settings = self._settings
        try:
            _bind(connection, settings.service_dn, settings.service_password)
        except NotVerified as refused:
            raise _Failed(f"the directory refuses the service account: {refused}") from None
        wanted = f"({settings.login_attribute}={escape_filter_chars(login)})"
        found = self._search(connection, settings.base, ldap3.SUBTREE, wanted)
        if len(found) != 1:
            raise NotVerified("two entries have this login" if found else "no such person")
        return found[0]

    def _read(self, connection: Any, dn: str) -> Entry:
        """The entry of who is bound, as that person may see it."""
        found = self._search(connection, dn, ldap3.BASE, "(objectClass=*)", *_REFUSED)
        if not found:
            raise NotVerified("the person may not read the own entry")
        return found[0]

    def _search(self, connection: Any, base: str, scope: str, wanted: str, *nothing: int) -> list[Entry]:
        """Two entries at most; none when the directory answers with one of the codes `nothing`."""
        connection.search(
            *(base, wanted, scope, ldap3.DEREF_NEVER),
            attributes=self._attributes,
            size_limit=2,  # more than one is too many
            time_limit=self._settings.timeout,
        )
        _check(connection, results.RESULT_SUCCESS, results.RESULT_SIZE_LIMIT_EXCEEDED, *nothing)
        return [_entry(item) for item in connection.response if item["type"] == "searchResEntry"]


def _bind(connection: Any, dn: str, password: str, unsure: str = "") -> None:
    """Raise `NotVerified` unless the directory takes this password for this entry."""
    if connection.closed:  # ldap3 would connect again, without TLS
        raise LDAPSessionTerminatedByServerError
    # As bytes: ldap3 would replace some characters of a text, and what the directory holds is what was typed.
    connection.rebind(user=dn, password=password.encode(), read_server_info=False)
    _check(connection, results.RESULT_SUCCESS, *_REFUSED)
    if (code := connection.result["result"]) != results.RESULT_SUCCESS:
        why = _REFUSED[code] + (unsure if code == results.RESULT_INVALID_CREDENTIALS else "")
        said = connection.result["message"]  # Active Directory says here whether the account is locked
        raise NotVerified(f"{why} ({said})" if said else why)


def _check(connection: Any, *expected: int) -> None:
    """Raise `_Failed` when the last answer is another."""
    if connection.result["result"] not in expected:
        raise _Failed(f"{connection.result['description']}: {connection.result['message']}")


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(item["dn"], {name.lower(): values for name, values in item["raw_attributes"].items()})


def _is_locked(entry: Entry) -> bool:
    """Whether an administrator has locked it."""
    locked, off, control = (entry.attributes.get(name.lower(), []) for name in _LOCKS)
    switched_off = any(value.isdigit() and int(value) & _SWITCHED_OFF for value in control)
    return _BY_HAND in locked or any(value.upper() == b"TRUE" for value in off) or switched_off


def _close(connection: Any) -> None:
    """Take leave and hang up, whatever state the connection is in."""
    with suppress(LDAPException, OSError):
        connection.unbind()
    if connection.socket is not None:  # ldap3 leaves it open when connecting fails half-way
        connection.socket.close()
