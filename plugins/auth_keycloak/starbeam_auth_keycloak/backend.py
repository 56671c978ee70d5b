"""From an access token to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starbeam.auth.backends import AuthBackend, BackendUnavailable, Credentials, Identity
from starbeam_auth_keycloak.provider import NO_ANSWER, Provider
from starbeam_auth_keycloak.verification import verified

if TYPE_CHECKING:
    from starbeam_auth_keycloak.provider import Claims
    from starbeam_auth_keycloak.settings import KeycloakSettings


class KeycloakBackend(AuthBackend):
    """Believes the tokens that one provider made for one client."""

    def __init__(self, name: str, settings: KeycloakSettings) -> None:
        super().__init__(name)
        self._settings = settings
        self._provider = Provider(settings.expected_issuer, settings.timeout)

    @property
    def public_config(self) -> Mapping[str, Any]:
        """What a browser needs to send people to the provider; what is not set is empty."""
        return {
            "KEYCLOAK_SERVER_URL": self._settings.server_url,
            "KEYCLOAK_REALM_NAME": self._settings.realm,
            "KEYCLOAK_CLIENT_ID": self._settings.client_id,
            "OIDC_ISSUER": self._settings.issuer,
        }

    async def authenticate(self, credentials: Credentials) -> Identity | None:
        """The owner of the token, within the time-out."""
        if not credentials.token:
            return None
        try:
            async with asyncio.timeout(self._settings.timeout):
                claims = await self._claims(credentials.token)
        except TimeoutError:
            raise BackendUnavailable(NO_ANSWER) from None
        return _identity(claims, self._settings.login_claim) if claims else None

    async def check(self) -> str | None:
        """None when tokens can be checked, else a sentence."""
        try:
            await self._provider.ensure_keys()
        except BackendUnavailable as error:
            return str(error)
        return None

    async def _claims(self, token: str) -> Claims | None:
        """What the token says, or the provider says of its owner. In both modes the token is checked here
        first: the provider's userinfo endpoint takes the tokens of all its clients."""
        settings = self._settings
        claims = await verified(token, self._provider, settings.expected_issuer, settings.client_id)
        if claims is None or settings.mode == "token":
            return claims
        said = await self._provider.userinfo(token)
        return said if said and said.get("sub") == claims.get("sub", said.get("sub")) else None


def _identity(claims: Claims, login_claim: str) -> Identity | None:
    """The person of these claims; all but the login may be missing."""
    login = _text(claims, login_claim)
    if login is None:
        return None
    return Identity(
        login=login,
        givenName=_text(claims, "given_name"),
        familyName=_text(claims, "family_name"),
        emailAddress=_text(claims, "email"),
    )


def _text(claims: Claims, name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value.strip() else None
