"""What a plugin of log-in backends implements."""

from starbeam.auth.backends import AuthBackend, BackendUnavailable, Credentials, Identity, NotVerified
from starbeam.auth.tokens import LEEWAY

__all__ = [
    "LEEWAY",
    "AuthBackend",
    "BackendUnavailable",
    "Credentials",
    "Identity",
    "NotVerified",
]
