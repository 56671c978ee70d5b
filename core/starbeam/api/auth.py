"""What a plugin of log-in backends implements, and one that lets log-ins last."""

from starbeam.auth.backends import (
    AuthBackend,
    BackendUnavailable,
    Credentials,
    Identity,
    NotVerified,
    SignOn,
)
from starbeam.auth.login import LogInRefused, LoginService
from starbeam.auth.queries import person_by_login
from starbeam.auth.refresh import Client, Proven, Refresher, TokenResponse
from starbeam.http.addresses import address_of, networks_of

__all__ = [
    "AuthBackend",
    "BackendUnavailable",
    "Client",
    "Credentials",
    "Identity",
    "LogInRefused",
    "LoginService",
    "NotVerified",
    "Proven",
    "Refresher",
    "SignOn",
    "TokenResponse",
    "address_of",
    "networks_of",
    "person_by_login",
]
