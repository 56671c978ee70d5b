"""Web pages, and what serves them."""

from starbeam.auth.authenticators import Authenticator
from starbeam.auth.login import LoginService
from starbeam.auth.refresh import Proven
from starbeam.http.addresses import ClientAddress
from starbeam.http.health import Health
from starbeam.pages import (
    Asked,
    Drawn,
    Finder,
    OfCollections,
    OfSessions,
    Pages,
    Part,
    Place,
    Show,
    Site,
    Spot,
    Tab,
    TileSpot,
)

__all__ = [
    "Asked",
    "Authenticator",
    "ClientAddress",
    "Drawn",
    "Finder",
    "Health",
    "LoginService",
    "OfCollections",
    "OfSessions",
    "Pages",
    "Part",
    "Place",
    "Proven",
    "Show",
    "Site",
    "Spot",
    "Tab",
    "TileSpot",
]
