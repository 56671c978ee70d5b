"""Greets people: an example of a plugin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from litestar.types import ControllerRouterHandler
from msgspec import Meta

from starbeam.api import Context, Permission, Plugin, Section, hookimpl
from starbeam_hello import routes


class HelloSettings(Section, frozen=True):
    """What `[plugin.hello]` may hold."""

    greeting: Annotated[str, Meta(description="What to say before the name.")] = "Hello"


class HelloPlugin(Plugin[HelloSettings]):
    """`/hello`."""

    name = "hello"
    title = "Greets people"
    Settings = HelloSettings

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """What `/hello/everybody` needs."""
        return [Permission("greet_everybody", "see whom the server could greet")]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations, greeting as the settings say."""
        return [routes.router(self.settings.greeting)]
