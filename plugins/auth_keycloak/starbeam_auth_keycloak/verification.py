"""Is this token one that the provider made for one of our clients?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starbeam.api import oidc
from starbeam.api.auth import NotVerified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starbeam.api.oidc import Claims, Provider
    from starbeam_auth_keycloak.settings import KeycloakSettings


async def verified(token: str, provider: Provider, settings: KeycloakSettings) -> Claims:
    """The claims of a token. Raises `NotVerified`, and `BackendUnavailable` without its key."""
    claims = await oidc.verified(token, provider, leeway=settings.leeway)
    if not _is_for(settings.clients, claims):
        raise NotVerified(
            f"the token is for {claims.get('aud')!r}, given to {claims.get('azp')!r}: another client"
        )
    return claims


def _is_for(clients: Sequence[str], claims: Claims) -> bool:
    """Whether one of the clients is the token's audience, or the party that it was given to (`azp`)."""
    audience = claims.get("aud")
    named = [*(audience if isinstance(audience, list) else [audience]), claims.get("azp")]
    return any(client in named for client in clients)
