"""Tokens of identity providers. Whoever imports this depends on httpx and PyJWT[crypto]."""

from starbeam.auth.oidc import ALGORITHMS, LONGEST, NO_ANSWER, USELESS, Claims, Provider, verified

__all__ = ["ALGORITHMS", "LONGEST", "NO_ANSWER", "USELESS", "Claims", "Provider", "verified"]
