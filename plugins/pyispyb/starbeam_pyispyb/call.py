"""One request to a running server, as whoever may log in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http.client import responses
from pathlib import Path
from time import monotonic
from typing import Any

import click
import httpx
import msgspec

from starbeam.api.commands import AWAY, Failure

SECONDS = 300
"""How long an answer may take."""
DUMMY = "dummy"
PART = 500
"""How many rows of a list are asked for at once, where the path does not say."""


def send(
    server: str,
    path: str,
    method: str,
    data: str | None,
    who: dict[str, str | None],
    verify: bool,
    to: Path | None = None,
    *,
    every: bool = False,
    csv: bool = False,
) -> None:
    """Send one request, as `who` says who asks, and print the answer, or write it to a file. Status 1 when
    that is an error. With `every` the answer holds the rows of all pages, with `csv` it is a table."""
    if (every or csv) and method.upper() != "GET":
        raise Failure(f"{method.upper()} answers no list", "--all and --csv are for GET.", 2)
    url = path if "://" in path else f"{server.rstrip('/')}/{path.lstrip('/')}"
    content = _body(data)
    _check_place(url, server, who)
    with httpx.Client(verify=verify, timeout=SECONDS, follow_redirects=False) as client:
        try:
            headers = authorization(client, server, who)
            if content is not None:
                headers["Content-Type"] = "application/json"
            if csv:
                headers["Accept"] = "text/csv"
            began = monotonic()
            if every and not csv:
                answer = _all_pages(client, httpx.URL(url), headers)
            else:
                answer = client.request(method.upper(), url, headers=headers, content=content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Failure(
                f"{url} does not answer: {error}", "Is it up? Name another one with --server.", AWAY
            ) from error
    if csv and answer.is_success and not answer.headers.get("content-type", "").startswith("text/csv"):
        raise Failure(f"{path} is no list: it answers no CSV")
    _print(answer, monotonic() - began, None if answer.is_error else to)
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


def authorization(client: httpx.Client, server: str, who: dict[str, str | None]) -> dict[str, str]:
    """The header of whoever this is; without a name and a token none. Raises `Failure`."""
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
        raise Failure(f"cannot log in: {said(answer)}", "--plugin, --login and --password say how.")
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def _backend(client: httpx.Client, server: str) -> str:
    """The backend to log in with when none was named."""
    answer = client.get(f"{server.rstrip('/')}/auth/config")
    if answer.is_error:
        raise Failure(
            f"{server} does not say how to log in: {said(answer)}", "Does --server end in the API root?"
        )
    names = [plugin["name"] for plugin in answer.json()["plugins"]]
    if DUMMY in names or len(names) == 1:
        return DUMMY if DUMMY in names else str(names[0])
    raise Failure("the server has several log-in backends", f"Name one with --plugin: {', '.join(names)}")


def _all_pages(client: httpx.Client, url: httpx.URL, headers: dict[str, str]) -> httpx.Response:
    """All pages of a list as one; an answer that is no page, or an error, as it is."""
    pages: list[dict[str, Any]] = []
    for answer in _pages(client, url, headers):
        if (page := _page(answer)) is None:
            return answer
        pages.append(page)
    results = [row for page in pages for row in page["results"]]
    return httpx.Response(200, json={**pages[0], "results": results, "limit": len(results)})


def _pages(client: httpx.Client, url: httpx.URL, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """One page after the other, in large parts if the server lets one."""
    large = url if "limit" in url.params else url.copy_set_param("limit", PART)
    answer = client.get(large, headers=headers)
    if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY and large != url:
        answer = client.get(url, headers=headers)
    yield answer
    while (page := _page(answer)) is not None and (following := _next(answer, page)) is not None:
        answer = client.get(following, headers=headers)
        yield answer


def _page(answer: httpx.Response) -> dict[str, Any] | None:
    found = answer.json() if answer.is_success and "json" in answer.headers.get("content-type", "") else None
    return (
        found if isinstance(found, dict) and {"total", "results", "skip", "limit"} <= found.keys() else None
    )


def _next(answer: httpx.Response, page: dict[str, Any]) -> httpx.URL | None:
    """Where the next page is: as the answer says, else behind this one. On the same server, whatever the
    answer says."""
    if "next" in answer.links:
        return answer.url.copy_with(raw_path=answer.url.join(answer.links["next"]["url"]).raw_path)
    skip = page["skip"] + page["limit"]
    if not page["results"] or skip >= page["total"] or "cursor" in answer.url.params:
        return None
    return answer.url.copy_set_param("skip", skip)


def said(answer: httpx.Response) -> str:
    """Status and reason of an error."""
    try:
        detail: Any = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = ""
    return f"{answer.status_code} {detail}".strip()


def _print(answer: httpx.Response, seconds: float, to: Path | None) -> None:
    phrase = responses.get(answer.status_code, "")
    click.echo(
        f"{answer.status_code} {phrase}, {len(answer.content)} bytes, {seconds * 1000:.0f} ms", err=True
    )
    if to is not None:
        to.write_bytes(answer.content)
    elif "json" in answer.headers.get("content-type", "") and answer.content:
        click.echo(msgspec.json.format(answer.content, indent=2))
    elif answer.headers.get("content-type", "").startswith("text/csv"):
        click.echo(answer.content, nl=False)
    elif answer.headers.get("content-type", "").startswith("text/"):
        click.echo(answer.text)
    elif answer.content and sys.stdout.isatty():
        raise Failure("the answer is no text", "Write it to a file with --output FILE.")
    elif answer.content:
        sys.stdout.buffer.write(answer.content)
