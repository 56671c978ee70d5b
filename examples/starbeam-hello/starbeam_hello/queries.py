"""The SQL of this plugin."""

from __future__ import annotations

from starbeam.db.lists import Listing
from starbeam.db.models import Person
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_hello.schemas import Greeting

_PERSON = Shape(Greeting, Person, later={"greeting"})


@statement
def _persons(scope: Scope) -> Listing[Greeting]:
    return Listing(scope, _PERSON, Person, where=[Person.login.is_not(None)], order_by=[Person.personId])


async def greetings(reader: Reader, page: Page, greeting: str) -> Paged[Greeting]:
    """A page of greetings, for people with a login, in the order of their keys."""
    found = await reader.page(_persons(), page)
    for one in found.results:
        one.greeting = f"{greeting}, {one.login}"
    return found
