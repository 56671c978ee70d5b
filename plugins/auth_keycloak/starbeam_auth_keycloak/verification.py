"""Is this token one that the provider made for this client, and does it still hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from starbeam.api.auth import NotVerified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starbeam_auth_keycloak.provider import Claims, Key, Provider
    from starbeam_auth_keycloak.settings import KeycloakSettings

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""The algorithms with a public key. With a shared key (HS256 …), whoever knows the public one could sign."""
LONGEST = 16_384
"""A longer token is refused unread."""
_REASONS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.InvalidSignatureError: "wrong signature",
    jwt.InvalidIssuerError: "wrong issuer",
}
"""What the log says of an error; of others their own text."""
_TYPES = ("", "jwt", "at+jwt", "application/jwt", "application/at+jwt")
"""Header `typ` of access and identity tokens. Others, such as `logout+jwt`, are not for logging in."""


async def verified(token: str, provider: Provider, settings: KeycloakSettings) -> Claims:
    """The claims of a token. Raises `NotVerified`, and `BackendUnavailable` without its key."""
    if len(token) > LONGEST:
        raise NotVerified("the token is too long")
    try:
        header = jwt.get_unverified_header(token)
        key, algorithm = await _key(header, provider)
        claims = _decoded(token, jwt.PyJWK(key, algorithm), algorithm, settings)
    except (jwt.PyJWTError, ValueError) as error:  # ValueError: text that is no Unicode
        raise NotVerified(f"the token does not hold: {_REASONS.get(type(error)) or error}") from None
    if not _is_for(settings.clients, claims):
        raise NotVerified(
            f"the token is for {claims.get('aud')!r}, given to {claims.get('azp')!r}: another client"
        )
    if "events" in claims:
        raise NotVerified("the token is for logging out")
    return claims


async def _key(header: dict[str, Any], provider: Provider) -> tuple[Key, str]:
    """The provider's key that a token names, and the algorithm."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise NotVerified(f"the token is signed with {algorithm!r}")
    if not _of_known_type(header):
        raise NotVerified(f"the token is a {header['typ']!r}")
    key = await provider.key(kid)
    if key is None:
        raise NotVerified(f"the provider has no key {kid!r}")
    if key.get("alg", algorithm) != algorithm:
        raise NotVerified(f"the token is signed with {algorithm}, its key is for {key['alg']}")
    return key, algorithm


def _of_known_type(header: dict[str, Any]) -> bool:
    kind = header.get("typ") or ""
    return isinstance(kind, str) and kind.lower() in _TYPES


def _decoded(token: str, key: jwt.PyJWK, algorithm: str, settings: KeycloakSettings) -> Claims:
    """The claims, once signature, issuer and times hold; who it is for is checked by `_is_for`."""
    return jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        issuer=settings.expected_issuer,
        leeway=settings.leeway,
        options={"require": ["exp", "iss"], "verify_aud": False, "enforce_minimum_key_length": True},
    )


def _is_for(clients: Sequence[str], claims: Claims) -> bool:
    """Whether one of the clients is the token's audience, or the party that it was given to (`azp`)."""
    audience = claims.get("aud")
    named = [*(audience if isinstance(audience, list) else [audience]), claims.get("azp")]
    return any(client in named for client in clients)
