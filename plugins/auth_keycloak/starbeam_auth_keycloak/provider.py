"""What a log-in asks the provider for, beside its keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from starbeam.api.oidc import Provider

if TYPE_CHECKING:
    import httpx

    from starbeam.api.oidc import Claims
    from starbeam_auth_keycloak.settings import KeycloakSettings


class Given(msgspec.Struct, frozen=True):
    """What a provider gives for a code."""

    id_token: str
    access_token: str | None = None


class LogInProvider(Provider):
    """A provider that people log in at."""

    def __init__(self, settings: KeycloakSettings) -> None:
        super().__init__(settings.expected_issuer, timeout=settings.timeout, inside=settings.inside)
        self._outside = settings.outside

    async def userinfo(self, token: str) -> Claims | None:
        """What the provider says of the owner of an access token whose key is known; None when it refuses
        the token. Raises `BackendUnavailable`."""
        endpoint = await self.place("userinfo_endpoint")
        response = await self.ask("GET", endpoint, headers={"Authorization": f"Bearer {token}"})
        if response.status_code in (400, 401, 403):
            return None
        return self.decoded(response, dict[str, Any])

    async def log_in_page(self) -> str:
        """Where browsers log in. Raises `BackendUnavailable`."""
        return self._outside(await self.place("authorization_endpoint"))

    async def given(self, form: Mapping[str, str], auth: tuple[str, str] | None) -> Given | None:
        """What the provider gives for the code in this form; None when it refuses the code. Raises
        `BackendUnavailable`."""
        endpoint = await self.place("token_endpoint")
        response = await self.ask("POST", endpoint, data=form, auth=auth)
        if response.status_code == 400 and _error(response) == "invalid_grant":
            return None
        return self.decoded(response, Given)


def _error(response: httpx.Response) -> str | None:
    """The code of an error, as OAuth names them."""
    try:
        said = response.json()
    except ValueError:
        return None
    return said.get("error") if isinstance(said, dict) else None
