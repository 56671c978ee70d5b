"""Sections of a page that are read each on their own: one that fails or takes long holds up none of the
others, and says so itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog

from starbeam.api import Refusal
from starbeam.api.database import Reader

LONGEST = 5.0
"""Seconds that a section may take on a page with others."""
Read = Callable[[Reader], Awaitable[Any]]

_log = structlog.get_logger("starbeam.stats")


class Section(msgspec.Struct):
    """What was read, or why it was not."""

    found: Any = None
    said: str = ""
    slow: bool = False
    """It can be asked for alone."""


async def read(reader: Reader, sections: Mapping[str, Read]) -> dict[str, Section]:
    """All sections at once, each on a connection of its own. One that is asked for alone has its time."""
    longest = LONGEST if len(sections) > 1 else None
    await reader.rest()
    found = await asyncio.gather(*(_one(reader, name, how, longest) for name, how in sections.items()))
    return dict(zip(sections, found, strict=True))


async def _one(reader: Reader, name: str, how: Read, longest: float | None) -> Section:
    try:
        async with asyncio.timeout(longest):
            return Section(await reader.apart(how))
    except TimeoutError:
        return Section(said="This takes longer than the rest of the page.", slow=True)
    except Refusal as refused:
        return Section(said=refused.sentence)
    except Exception:  # whatever it is, the other sections are shown
        _log.exception("a section of a page could not be read", section=name)
        return Section(said="This could not be read. The others are not concerned.", slow=True)
