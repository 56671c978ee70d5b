"""Is this token one that the provider made for this client, and does it still hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from starbeam_auth_keycloak.provider import Claims, Provider

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
LEEWAY = 10
"""Seconds by which the clocks of the provider and this server may differ."""
_TYPES = ("", "jwt", "at+jwt", "application/jwt", "application/at+jwt")
"""Header `typ` of access and identity tokens. Others, such as `logout+jwt`, are not for logging in."""


async def verified(token: str, provider: Provider, issuer: str, client_id: str) -> Claims | None:
    """The claims of a token, None when it does not hold. Raises `BackendUnavailable` without its key."""
    if len(token) > LONGEST:
        return None
    try:
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS or not _of_known_type(header):
            return None
        key = await provider.key(kid)
        if key is None or key.get("alg", algorithm) != algorithm:
            return None
        claims = _decoded(token, jwt.PyJWK(key, algorithm), algorithm, issuer)
    except (jwt.PyJWTError, ValueError):  # ValueError: text that is no Unicode
        return None
    return claims if _is_for(client_id, claims) and "events" not in claims else None


def _of_known_type(header: dict[str, Any]) -> bool:
    kind = header.get("typ") or ""
    return isinstance(kind, str) and kind.lower() in _TYPES


def _decoded(token: str, key: jwt.PyJWK, algorithm: str, issuer: str) -> Claims:
    """The claims, once signature, issuer and times hold; who it is for is checked by `_is_for`."""
    return jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        issuer=issuer,
        leeway=LEEWAY,
        options={"require": ["exp", "iss"], "verify_aud": False, "enforce_minimum_key_length": True},
    )


def _is_for(client_id: str, claims: Claims) -> bool:
    """Whether the client is the token's audience, or the party that it was given to (`azp`)."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    return client_id in audiences or claims.get("azp") == client_id
