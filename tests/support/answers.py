"""What an answer says."""

from __future__ import annotations

from typing import Any

import httpx

Said = tuple[int, Any]
"""Status and body."""


def said(answer: httpx.Response) -> Said:
    """Status and body of an answer, to compare in one go: JSON as data, other text as it is."""
    is_json = answer.headers.get("content-type") == "application/json"
    return answer.status_code, answer.json() if is_json else answer.text


def refused(status: int, detail: str) -> Said:
    """Status and body of a refusal with a sentence."""
    return status, {"detail": detail}


def invalid(loc: list[str | int], message: str, kind: str = "value_error") -> Said:
    """Status and body of a refusal that names one place."""
    return 422, {"detail": [{"loc": loc, "msg": message, "type": kind}]}


NO_TOKEN = refused(401, "No token provided.")
INVALID_TOKEN = refused(401, "Invalid token")
EXPIRED = refused(401, "Token expired. Please log in again")
WRONG_ONCE = refused(401, "Invalid one time token.")
NOT_VERIFIED = refused(401, "Could not verify")
FORBIDDEN = refused(403, "Not Authorized")
NOT_FOUND = refused(404, "Not Found")
