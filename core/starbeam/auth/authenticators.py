"""Ways to say who calls, beside the API's own tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    from starbeam.access import Principal


class Authenticator(ABC):
    """Recognises one kind of credential in requests."""

    @abstractmethod
    def credential(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> str | None:
        """The credential of this kind that a request brings and that is good for its handler; None leaves the
        request to others."""

    @abstractmethod
    async def principal(self, credential: str, connection: ASGIConnection[Any, Any, Any, Any]) -> Principal:
        """Who that is. Raises `Unauthenticated`, or `Forbidden` where it is not good for this request."""
