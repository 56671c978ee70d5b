"""The authorisation code flow with PKCE: a person logs in on the provider's page, and the browser brings a
code from there."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote_plus, urlencode

from starbeam.api.auth import NotVerified
from starbeam_auth_keycloak.verification import verified

if TYPE_CHECKING:
    from starbeam.api.auth import SignOn
    from starbeam.api.oidc import Claims
    from starbeam_auth_keycloak.provider import LogInProvider
    from starbeam_auth_keycloak.settings import KeycloakSettings


async def page(provider: LogInProvider, settings: KeycloakSettings, sign_on: SignOn) -> str:
    """Where the browser goes. Raises `BackendUnavailable`."""
    digest = hashlib.sha256(sign_on.verifier.encode()).digest()
    query = {
        "response_type": "code",
        "scope": "openid profile email",
        "client_id": settings.clients[0],
        "redirect_uri": sign_on.redirect_uri,
        "state": sign_on.state,
        "nonce": sign_on.nonce,
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    address = await provider.log_in_page()
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"


async def claims_for(
    code: str, sign_on: SignOn, provider: LogInProvider, settings: KeycloakSettings
) -> tuple[Claims, str | None]:
    """What the identity token says that the provider gives for a code, and the access token. Raises
    `NotVerified` and `BackendUnavailable`."""
    client, secret = settings.clients[0], settings.client_secret
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sign_on.redirect_uri,
        "client_id": client,
        "code_verifier": sign_on.verifier,
    }
    given = await provider.given(form, (quote_plus(client), quote_plus(secret)) if secret else None)
    if given is None:
        raise NotVerified("the provider does not take the code")
    claims = await verified(given.id_token, provider, settings)
    if claims.get("nonce") != sign_on.nonce:
        raise NotVerified("the token is for another log-in: its nonce is not the one that was sent")
    return claims, given.access_token
