"""What happens, a line for each event that is new or has changed, for as long as somebody watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click
import httpx
import msgspec

from starbeam.api.commands import AWAY, Failure
from starbeam_pyispyb.call import authorization, said

SILENCE = 60.0
"""Seconds after which a stream that says nothing is taken to be lost: servers say something each 15."""
AGAIN = 2.0
"""Seconds until a stream that was lost is opened anew."""


def watch(
    server: str, filters: dict[str, str | None], who: dict[str, str | None], *, verify: bool, plain: bool
) -> None:
    """Print what a server's stream tells, until interrupted. A server that has answered once may go away: it
    is asked again, and tells what happened meanwhile."""
    url = f"{server.rstrip('/')}/events/stream"
    last = ""
    with httpx.Client(verify=verify, timeout=SILENCE) as client:
        headers: dict[str, str] = {}
        while True:
            try:
                headers = headers or authorization(client, server, who)
                known = {"Last-Event-ID": last} if last else {}
                for name, value in _fields(client, url, filters, headers | known):
                    if name == "id":
                        last = value
                    elif name == "data":
                        click.echo(value if plain else line(msgspec.json.decode(value)))
            except httpx.HTTPError as error:
                if not last:
                    message = f"{url} does not answer: {error}"
                    raise Failure(message, "Is it up? Name another one with --server.", AWAY) from error
            except _LoggedOut:
                if who["token"] or not last:
                    raise Failure("the log-in is over", "Log in again, or give a new token.") from None
                headers = {}
            time.sleep(AGAIN)


class _LoggedOut(Exception):
    """The server takes this token no more."""


def _fields(
    client: httpx.Client, url: str, filters: dict[str, str | None], headers: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Names and values of a stream's lines, until it ends."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    with client.stream("GET", url, params=wanted, headers=headers) as answer:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise _LoggedOut
        if answer.is_error:
            answer.read()
            if answer.is_server_error:
                raise httpx.RemoteProtocolError(said(answer))
            raise Failure(f"cannot watch: {said(answer)}")
        for text in answer.iter_lines():
            name, _, value = text.partition(": ")
            yield name, value


def line(change: dict[str, Any]) -> str:
    """A change for people: when the event began, session, beamline, and which event it is."""
    words = change["startTime"].replace("T", " "), change["session"] or change["proposal"]
    return f"{words[0][:19]}  {words[1]:<12}  {change['beamLineName'] or '':<8}  {change['key']}"
