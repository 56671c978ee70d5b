"""Web pages, and what serves them."""

from starbeam.auth.authenticators import Authenticator
from starbeam.auth.login import LoginService
from starbeam.auth.schemas import Login
from starbeam.http.addresses import ClientAddress
from starbeam.pages import Asked, Drawn, Finder, Pages, Part, Place, Show, Site, Tab

__all__ = [
    "Asked",
    "Authenticator",
    "ClientAddress",
    "Drawn",
    "Finder",
    "Login",
    "LoginService",
    "Pages",
    "Part",
    "Place",
    "Show",
    "Site",
    "Tab",
]
