"""What MXCuBE's own client does in a session, run by the Python of its environment: reads what it shall do as
JSON from standard input, writes what it got as JSON.

Each step is `[name, method, arguments]`; an argument `{"$": name}` is what an earlier step got. A step that
raises gives `{"raised": …}`. `@` before a method is one of this file.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from mxcubecore.HardwareObjects.abstract.PyISPyBDataAdapter import PyISPyBDataAdapter
from mxcubecore.HardwareObjects.abstract.PyISPyBRestClient import PyISPyBRestClient

logging.disable(logging.CRITICAL)


class Beamline:
    """The client, as MXCuBE uses it."""

    def __init__(self, root: str, beamline: str) -> None:
        self.client = PyISPyBRestClient(root)
        self.adapter = PyISPyBDataAdapter(self.client, beamline)
        self.answers: list[list[Any]] = []
        self.client._session.hooks["response"].append(self._note)

    def _note(self, answer: Any, *args: Any, **kwargs: Any) -> None:
        path = answer.request.path_url
        self.answers.append([answer.request.method, path, answer.status_code])

    def log_in(self, login: str, token: str) -> None:
        self.client.authenticate(login, token)

    def with_token(self, token: str) -> None:
        """As a machine."""
        self.client._session.headers["Authorization"] = f"Bearer {token}"
        self.client._token_expiry = datetime.now(UTC) + timedelta(days=1)

    def expire(self) -> None:
        """The token that it has is good for nothing any more."""
        self.client._session.headers["Authorization"] = "Bearer none"

    def soon_over(self) -> None:
        """The token that it has ends now."""
        self.client._token_expiry = datetime.now(UTC) - timedelta(seconds=1)

    def token(self) -> str:
        return self.client._session.headers["Authorization"]


def plain(value: Any) -> Any:
    """As JSON."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def filled(value: Any, got: dict[str, Any]) -> Any:
    """Arguments with what earlier steps got."""
    if isinstance(value, dict):
        return (
            got[value["$"]] if set(value) == {"$"} else {key: filled(one, got) for key, one in value.items()}
        )
    return [filled(one, got) for one in value] if isinstance(value, list) else value


def main() -> None:
    asked = json.load(sys.stdin)
    beamline = Beamline(asked["root"], asked["beamline"])
    got: dict[str, Any] = {}
    for name, method, arguments in asked["steps"]:
        of = beamline if method.startswith("@") else beamline.adapter
        try:
            got[name] = getattr(of, method.lstrip("@"))(*filled(arguments, got))
        except Exception as error:
            got[name] = {"raised": f"{type(error).__name__}: {error}"}
    json.dump({"got": plain(got), "answers": beamline.answers}, sys.stdout)


main()
