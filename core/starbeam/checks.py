"""Checks: does what the server depends on work?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec


class Check(msgspec.Struct, frozen=True):
    """A named check. `run` returns None when all is well, else a sentence without addresses or secrets.

    It is read by `/health/ready`, which is public.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)]
    run: Callable[[], Awaitable[str | None]]
    essential: bool = True
    """Whether the server is not ready while it fails. A log-in backend is not essential: whoever is logged in
    can go on."""
    says: str = "passes"
    """What ``starbeam doctor`` shows when all is well."""
