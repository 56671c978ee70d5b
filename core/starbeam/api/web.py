"""Web pages, and what serves them."""

from starbeam.auth.authenticators import Authenticator
from starbeam.auth.login import LoginService
from starbeam.auth.refresh import Proven
from starbeam.forms.described import (
    CHANGED,
    NEEDED,
    About,
    Choices,
    EditOf,
    Field,
    FormOf,
    in_words,
    key_of,
    tidy,
)
from starbeam.forms.making import Making, make, making_of
from starbeam.forms.storing import compare, newest
from starbeam.http.addresses import ClientAddress
from starbeam.http.errors import faults_of
from starbeam.http.forms import STORED, comes_back, edit_pages, faults_by_field, form_pages, stored
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
    "CHANGED",
    "NEEDED",
    "STORED",
    "About",
    "Asked",
    "Authenticator",
    "Choices",
    "ClientAddress",
    "Drawn",
    "EditOf",
    "Field",
    "Finder",
    "FormOf",
    "Health",
    "LoginService",
    "Making",
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
    "comes_back",
    "compare",
    "edit_pages",
    "faults_by_field",
    "faults_of",
    "form_pages",
    "in_words",
    "key_of",
    "make",
    "making_of",
    "newest",
    "stored",
    "tidy",
]
