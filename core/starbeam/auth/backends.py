"""What a log-in backend is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from starbeam.db.limits import cut, takes
from starbeam.db.schema import Schema


class SignOn(msgspec.Struct, frozen=True):
    """A log-in at a provider's own page: what the browser takes there. It comes back to `redirect_uri` with
    a code and the same `state`; with the code goes `verifier`, whose hash the provider was sent (PKCE)."""

    redirect_uri: str
    state: str
    nonce: str
    verifier: str

    def __repr__(self) -> str:
        return f"SignOn(redirect_uri={self.redirect_uri!r})"


class Credentials(msgspec.Struct, frozen=True):
    """What a person sent to log in."""

    login: str | None = None
    password: str | None = None
    token: str | None = None
    code: str | None = None
    """What a provider gave the browser for its log-in, `sign_on`."""
    sign_on: SignOn | None = None

    def __repr__(self) -> str:
        return f"Credentials(login={self.login!r})"


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who a backend says it is. The fields are columns of `Person`."""

    login: str
    givenName: str | None = None
    familyName: str | None = None
    emailAddress: str | None = None
    phoneNumber: str | None = None
    siteId: int | None = None

    def fitting(self, schema: Schema) -> Identity:
        """What of it this database's `Person` can hold: long names are cut, with `?` for letters that the
        column lacks; what means nothing then is left out."""
        columns = {name: schema.found("Person", name) for name in self.__struct_fields__}
        names = {name: cut(columns[name], getattr(self, name) or "") for name in _NAMES}
        given: dict[str, Any] = {name: names.get(name) or getattr(self, name) for name in columns}
        return Identity(**{name: value for name, value in given.items() if takes(columns[name], value)})


_NAMES = ("givenName", "familyName")


class BackendUnavailable(Exception):
    """The directory or identity provider does not answer. The text is shown to the person: a sentence
    without addresses."""


class NotVerified(Exception):
    """The credentials do not hold. The text says why (`wrong password`), for the log: the person is not told,
    and it holds nothing that was sent in secret."""


class AuthBackend(ABC):
    """Turns credentials into an identity, or refuses them.

    `authenticate` may be called many times at once; what blocks goes to a thread. It raises
    `BackendUnavailable` when it cannot ask, and `NotVerified` when the log should say why. Any other
    exception counts as "no", is logged, and never shown.
    """

    test_only: ClassVar[bool] = False
    """Lets people in without proof: shown by health and the API page, refused without `test_system =
    true`."""
    by_password: ClassVar[bool] = True
    """Takes a login and a password, so that a form can ask for them; else a provider's token."""
    by_sign_on: ClassVar[bool] = False
    """Takes a code from a provider's own page, which `sign_on_page` is the address of."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def public_config(self) -> Mapping[str, Any]:
        """What `/auth/config` shows of this backend's settings: what a browser needs to log in, never a
        secret."""
        return {}

    async def sign_on_page(self, sign_on: SignOn) -> str:
        """Where a browser goes to log in, when `by_sign_on`. Raises `BackendUnavailable`."""
        raise NotImplementedError

    @abstractmethod
    async def authenticate(self, credentials: Credentials) -> Identity | None:
        """Who sent these credentials, or None when they do not hold."""

    @property
    def confirms(self) -> bool:
        """Whether `still_valid` asks for accounts that were locked or deleted since."""
        return False

    async def still_valid(self, login: str) -> bool:
        """Whether somebody who logged in here may go on without doing so again. Raises `BackendUnavailable`
        when it cannot ask."""
        return True
