"""From an access token to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starbeam.api.auth import (
    AuthBackend,
    BackendUnavailable,
    Credentials,
    Identity,
    NotVerified,
    SignOn,
)
from starbeam.api.oidc import NO_ANSWER
from starbeam_auth_keycloak.code import claims_for, page
from starbeam_auth_keycloak.provider import LogInProvider
from starbeam_auth_keycloak.verification import verified

if TYPE_CHECKING:
    from starbeam.api.oidc import Claims
    from starbeam_auth_keycloak.settings import KeycloakSettings


class KeycloakBackend(AuthBackend):
    """Believes the tokens that one provider made for one client."""

    by_password = False
    by_sign_on = True

    def __init__(self, name: str, settings: KeycloakSettings) -> None:
        super().__init__(name)
        self._settings = settings
        self._provider = LogInProvider(settings)

    @property
    def public_config(self) -> Mapping[str, Any]:
        """What a browser needs to send people to the provider; what is not set is empty."""
        return {
            "KEYCLOAK_SERVER_URL": self._settings.server_url,
            "KEYCLOAK_REALM_NAME": self._settings.realm,
            "KEYCLOAK_CLIENT_ID": self._settings.clients[0],
            "OIDC_ISSUER": self._settings.issuer,
        }

    async def sign_on_page(self, sign_on: SignOn) -> str:
        """The provider's page, within the time-out."""
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await page(self._provider, self._settings, sign_on)
        except TimeoutError:
            raise BackendUnavailable(NO_ANSWER) from None

    async def authenticate(self, credentials: Credentials) -> Identity:
        """The owner of the token or code, within the time-out. Raises `NotVerified`."""
        try:
            async with asyncio.timeout(self._settings.timeout):
                claims = await self._claims(credentials)
        except TimeoutError:
            raise BackendUnavailable(NO_ANSWER) from None
        return _identity(claims, self._settings.login_claim)

    async def check(self) -> str | None:
        """None when tokens can be checked, else a sentence."""
        return await self._provider.trouble()

    async def _claims(self, sent: Credentials) -> Claims:
        """What the token says, or the provider says of its owner. In both modes the token is checked here
        first: the provider's userinfo endpoint takes the tokens of all its clients."""
        token = sent.token
        if sent.code and sent.sign_on:
            claims, token = await claims_for(sent.code, sent.sign_on, self._provider, self._settings)
        elif token:
            claims = await verified(token, self._provider, self._settings)
        else:
            raise NotVerified("no token")
        return claims if self._settings.mode == "token" else await self._userinfo(token, claims)

    async def _userinfo(self, token: str | None, claims: Claims) -> Claims:
        """What the provider says of a token's owner, whom these claims name."""
        said = await self._provider.userinfo(token) if token else None
        if said is None:
            raise NotVerified("the provider has withdrawn the token")
        if not said or said.get("sub") != claims.get("sub", said.get("sub")):
            raise NotVerified("the provider's userinfo is of somebody else, or of nobody")
        return said


def _identity(claims: Claims, login_claim: str) -> Identity:
    """The person of these claims; all but the login may be missing."""
    login = _text(claims, login_claim)
    if login is None:
        raise NotVerified(f"the claim {login_claim} holds no login")
    return Identity(
        login=login,
        givenName=_text(claims, "given_name"),
        familyName=_text(claims, "family_name"),
        emailAddress=_text(claims, "email"),
    )


def _text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value.strip() else None
