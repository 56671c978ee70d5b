"""What a plugin of log-in backends implements."""

from starbeam.auth.backends import (
    AuthBackend,
    BackendUnavailable,
    Credentials,
    Identity,
    NotVerified,
    SignOn,
)

__all__ = [
    "AuthBackend",
    "BackendUnavailable",
    "Credentials",
    "Identity",
    "NotVerified",
    "SignOn",
]
