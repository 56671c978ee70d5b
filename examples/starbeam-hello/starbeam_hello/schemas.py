"""What the operations answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Greeting(msgspec.Struct):
    """A greeting for a person."""

    login: Annotated[str, Meta(title="Login")]
    greeting: Annotated[str | None, Meta(title="Greeting")] = None
