"""The API page: the document for people to read and try. Needs no internet: its scripts are served from
here."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler


def handlers(api_root: str) -> list[ControllerRouterHandler]:
    """The page at `/docs` and its files."""
    return []
