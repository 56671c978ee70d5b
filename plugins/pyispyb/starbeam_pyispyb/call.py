"""One request to a running server, as whoever may log in."""

from __future__ import annotations

import sys
from http.client import responses
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec

from starbeam.api.commands import AWAY, Failure

SECONDS = 300
"""How long an answer may take."""
DUMMY = "dummy"


def send(
    server: str,
    path: str,
    method: str,
    data: str | None,
    who: dict[str, str | None],
    verify: bool,
    to: Path | None = None,
) -> None:
    """Send one request, as `who` says who asks, and print the answer, or write it to a file. Status 1 when
    that is an error."""
    url = path if "://" in path else f"{server.rstrip('/')}/{path.lstrip('/')}"
    content = _body(data)
    _check_place(url, server, who)
    with httpx.Client(verify=verify, timeout=SECONDS, follow_redirects=False) as client:
        try:
            headers = _authorization(client, server, who)
            if content is not None:
                headers["Content-Type"] = "application/json"
            answer = client.request(method.upper(), url, headers=headers, content=content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure(
                f"{url} does not answer: {error}", "Is it up? Name another one with --server.", AWAY
            ) from error
    _print(answer, None if answer.is_error else to)
    sys.exit(1 if answer.is_error else 0)


def _check_place(url: str, server: str, who: dict[str, str | None]) -> None:
    """Credentials and tokens are for the server that they are of."""
    try:
        there, here = (httpx.URL(one) for one in (url, server))
    except httpx.InvalidURL as error:
        raise Failure(f"{url} is no address: {error}", status=2) from error
    same = (there.scheme, there.host, there.port) == (here.scheme, here.host, here.port)
    if not same and any(who[key] for key in ("login", "token", "provider_token")):
        raise Failure(f"{url} is not on {server}: no token is sent there", "Name its server.", 2)


def _body(data: str | None) -> bytes | None:
    """The body as sent: checked to be JSON."""
    if data is None:
        return None
    try:
        if data == "-":
            content = sys.stdin.buffer.read()
        else:
            content = Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()
        msgspec.json.decode(content)
    except OSError as error:
        raise Failure(f"{data[1:]} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise Failure(
            f"the body is not JSON: {error}", "Quote it for the shell: -d '{\"a\": 1}'", 2
        ) from error
    return content


def _authorization(client: httpx.Client, server: str, who: dict[str, str | None]) -> dict[str, str]:
    if who["token"]:
        return {"Authorization": f"Bearer {who['token']}"}
    if not who["login"] and not who["provider_token"]:
        return {}
    plugin = who["plugin"] or _backend(client, server)
    password = who["password"]
    if password is None and not who["provider_token"]:
        password = DUMMY if plugin == DUMMY else click.prompt("Password", hide_input=True, err=True)
    body = {"plugin": plugin, "login": who["login"], "password": password, "token": who["provider_token"]}
    answer = client.post(f"{server.rstrip('/')}/auth/login", json=body)
    if answer.is_error:
        raise Failure(f"cannot log in: {_said(answer)}", "--plugin, --login and --password say how.")
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def _backend(client: httpx.Client, server: str) -> str:
    """The backend to log in with when none was named."""
    answer = client.get(f"{server.rstrip('/')}/auth/config")
    if answer.is_error:
        raise Failure(
            f"{server} does not say how to log in: {_said(answer)}", "Does --server end in the API root?"
        )
    names = [plugin["name"] for plugin in answer.json()["plugins"]]
    if DUMMY in names or len(names) == 1:
        return DUMMY if DUMMY in names else str(names[0])
    raise Failure("the server has several log-in backends", f"Name one with --plugin: {', '.join(names)}")


def _said(answer: httpx.Response) -> str:
    try:
        detail: Any = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = ""
    return f"{answer.status_code} {detail}".strip()


def _print(answer: httpx.Response, to: Path | None) -> None:
    phrase = responses.get(answer.status_code, "")
    length, milliseconds = len(answer.content), answer.elapsed.total_seconds() * 1000
    click.echo(f"{answer.status_code} {phrase}, {length} bytes, {milliseconds:.0f} ms", err=True)
    if to is not None:
        to.write_bytes(answer.content)
    elif "json" in answer.headers.get("content-type", "") and answer.content:
        click.echo(msgspec.json.format(answer.content, indent=2))
    elif answer.headers.get("content-type", "").startswith("text/"):
        click.echo(answer.text)
    elif answer.content and sys.stdout.isatty():
        raise Failure("the answer is no text", "Write it to a file with --output FILE.")
    elif answer.content:
        sys.stdout.buffer.write(answer.content)
