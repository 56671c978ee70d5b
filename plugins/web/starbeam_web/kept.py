"""What somebody typed into a form before the server asked for a log-in: it travels with the log-in page, and
comes back once the same person has logged in with the same browser."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.datastructures import UploadFile

from starbeam_web.addresses import safe

if TYPE_CHECKING:
    from litestar import Request

    from starbeam_web.frame import Frame

AGAIN = "/login-again"
"""Where a form goes whose sender was logged out meanwhile."""


class Kept(msgspec.Struct, frozen=True):
    """A form that was not taken."""

    to: str
    """Where it was sent."""
    fields: list[tuple[str, str]]
    """Without files: browsers let nobody but the person choose one."""

    @classmethod
    def of(cls, to: str, form: Any) -> Kept | None:
        """What a form holds that was sent to a page of ours."""
        fields = [
            (name, f"{value}") for name, value in form.multi_items() if not isinstance(value, UploadFile)
        ]
        return cls(to, fields) if safe(to) else None

    @classmethod
    def read(cls, text: str) -> Kept | None:
        """What the log-in page kept."""
        try:
            kept = msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError:
            return None
        return kept if safe(kept.to) else None

    @property
    def text(self) -> str:
        """As the log-in page keeps it."""
        return msgspec.json.encode(self).decode()

    def is_of(self, frame: Frame, request: Request[Any, Any, Any], login: str) -> bool:
        """Whether a page of ours showed this form to this person in this browser."""
        right = frame.forms.token_of(request, login)
        sent: Mapping[str, str] = dict(self.fields)
        return secrets.compare_digest(sent.get("csrf", "").encode(), right.encode())
