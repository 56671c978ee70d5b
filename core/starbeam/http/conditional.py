"""Conditional requests: a client that has an answer is not sent it again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar import Request


def etag(*parts: bytes) -> str:
    """The ETag of an answer that is made of these parts, and of nothing else."""
    return f'"{hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()}"'


def unchanged(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether the client has the answer of this ETag."""
    known = request.headers.get("if-none-match", "")
    return tag in known or known.strip() == "*"
