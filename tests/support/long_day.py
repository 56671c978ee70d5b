"""MXCuBE's own client on a long day, run by the Python of its environment: does what each line of standard
input names, and answers each with a line of JSON.

`log_in LOGIN TOKEN`; `read NUMBER`: as many threads ask at once who they are, and say so or what they met;
`lose`: the next answer to a renewal does not arrive; `over`: the token that it has ends now.
"""

from __future__ import annotations

import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier, Lock
from typing import Any

import requests
from mxcubecore.HardwareObjects.abstract.PyISPyBDataAdapter import PyISPyBDataAdapter
from mxcubecore.HardwareObjects.abstract.PyISPyBRestClient import PyISPyBRestClient

logging.disable(logging.CRITICAL)


class Day:
    """The client, with what goes wrong on a network."""

    def __init__(self, root: str) -> None:
        self.client = PyISPyBRestClient(root)
        self.adapter = PyISPyBDataAdapter(self.client, "ID30")
        self.client._session.hooks["response"].append(self._note)
        self._lock, self._loses = Lock(), False
        self._statuses: list[list[Any]] = []

    def _note(self, answer: Any, *args: Any, **kwargs: Any) -> None:
        renews = answer.request.path_url.endswith("/auth/refresh")
        with self._lock:
            self._statuses.append([renews, answer.status_code])
            lost, self._loses = self._loses and renews, self._loses and not renews
        if lost:
            raise requests.ConnectionError("the answer did not arrive")

    def log_in(self, login: str, token: str) -> None:
        """Log in."""
        self.client.authenticate(login, token)

    def lose(self) -> None:
        """Lose the next answer to a renewal."""
        self._loses = True

    def over(self) -> None:
        """Let the client believe that its token has ended."""
        self.client._token_expiry = datetime.now(UTC) - timedelta(seconds=1)

    def read(self, number: str) -> dict[str, Any]:
        """What as many threads get that ask at once."""
        self._statuses.clear()
        together = Barrier(int(number))

        def ask(_: int) -> str:
            together.wait()
            try:
                return str(self.adapter.get_current_user_data()["login"])
            except Exception as error:
                return type(error).__name__

        with ThreadPoolExecutor(int(number)) as threads:
            got = sorted(threads.map(ask, range(int(number))))
        return {"got": got, "statuses": sorted(self._statuses)}


def main() -> None:
    """Do all of it."""
    day = Day(sys.argv[1])
    for line in sys.stdin:
        method, *arguments = line.split()
        print(json.dumps(getattr(day, method)(*arguments)), flush=True)


main()
