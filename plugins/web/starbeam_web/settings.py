"""What `[plugin.web]` may hold."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from starbeam.api import Section


class Account(Section, frozen=True):
    """Whom the log-in page of a test system offers."""

    login: Annotated[str, Meta(description="The login")]
    says: Annotated[str, Meta(description="What this person sees")] = ""


class WebSettings(Section, frozen=True):
    """The web pages."""

    root: Annotated[
        str, Meta(description="Address below which the pages are", pattern=r"^/([\w.-]+(/[\w.-]+)*)?$")
    ] = "/"
    session_minutes: Annotated[
        int, Meta(description="Minutes without a page after which a browser is logged out", ge=5, le=1440)
    ] = 60
    documentation: Annotated[
        str, Meta(description="Address of the documentation, for the foot of every page")
    ] = ""
    accounts: Annotated[
        list[Account], Meta(description="On a test system: accounts to log in to by a button")
    ] = field(default_factory=list)
