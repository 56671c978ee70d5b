"""`/hello`."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from starbeam.api import Principal, authenticated, needs
from starbeam.api.database import Reader
from starbeam.api.http import always
from starbeam.api.lists import Page, Paged
from starbeam_hello.queries import PEOPLE
from starbeam_hello.schemas import Greeting


@get("/hello", access=authenticated, tags=["Hello"])
async def say_hello(who: NamedDependency[Principal], greeting: NamedDependency[str]) -> Greeting:
    """Greet who calls"""
    return Greeting(who.login, f"{greeting}, {who.login}")


@get("/hello/everybody", access=needs("greet_everybody"), tags=["Hello"])
async def greet_everybody(
    reader: NamedDependency[Reader], page: NamedDependency[Page], greeting: NamedDependency[str]
) -> Paged[Greeting]:
    """Greet everybody who can log in"""
    found = await reader.page(PEOPLE, page)
    for one in found.results:
        one.greeting = f"{greeting}, {one.login}"
    return found


def router(greeting: str) -> Router:
    """The operations, with this greeting."""
    handlers = [say_hello, greet_everybody]
    return Router("/", route_handlers=handlers, dependencies=always(greeting=greeting))
