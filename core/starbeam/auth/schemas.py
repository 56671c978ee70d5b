"""What log-in and the current user's operations take and answer."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta


class PluginConfig(msgspec.Struct, frozen=True):
    """A log-in backend that clients may use."""

    name: Annotated[str, Meta(title="Name", description="What to send as `plugin` to log in")]
    config: Annotated[dict[str, Any], Meta(title="Config", description="What a client needs to know of it")]


class AuthConfig(msgspec.Struct, frozen=True):
    """The log-in backends, in the order of the configuration."""

    plugins: Annotated[list[PluginConfig], Meta(title="Plugins")]


class Login(msgspec.Struct, frozen=True):
    """A try to log in."""

    plugin: Annotated[str | None, Meta(title="Plugin", description="Name of the log-in backend")] = None
    login: Annotated[str | None, Meta(title="Login")] = None
    password: Annotated[str | None, Meta(title="Password")] = None
    token: Annotated[
        str | None, Meta(title="Token", description="For a token backend: the provider's token")
    ] = None

    def __repr__(self) -> str:
        return f"Login(plugin={self.plugin!r}, login={self.login!r})"


class TokenResponse(msgspec.Struct, frozen=True):
    """The answer to a log-in."""

    login: Annotated[str, Meta(title="Login")]
    token: Annotated[str, Meta(title="Token", description="To send as `Authorization: Bearer <token>`")]
    permissions: Annotated[list[str], Meta(title="Permissions")]


class CurrentUser(msgspec.Struct, frozen=True):
    """The person who calls."""

    givenName: Annotated[str | None, Meta(title="Given Name")]
    familyName: Annotated[str | None, Meta(title="Family Name")]
    login: Annotated[str, Meta(title="Login")]
    Permissions: Annotated[list[str], Meta(title="Permissions")]
    personId: Annotated[int, Meta(title="Person Id")]
    beamLineGroups: Annotated[list[str], Meta(title="Beamline Groups")]
    beamLines: Annotated[list[str], Meta(title="Beamlines")]


class OneTimeToken(msgspec.Struct, frozen=True):
    """A URL to sign, and its token."""

    validity: Annotated[str, Meta(title="Validity", description="The url to sign")]
    token: Annotated[str | None, Meta(title="Token", description="To add to the url as `?onetime=`")] = None
