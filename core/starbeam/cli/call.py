"""`starbeam call`, and `ispyb.rest`, as py-ispyb's client of its own API was called."""

from __future__ import annotations

import sys
from http.client import responses
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec

from starbeam.cli.failure import AWAY, Failure, run

SECONDS = 300
"""How long an answer may take."""
DUMMY = "dummy"
_METHODS = click.Choice(["get", "post", "put", "patch", "delete"], case_sensitive=False)

path_argument = click.argument("path")
method_option = click.option(
    "-m", "--method", type=_METHODS, default="get", show_default=True, help="HTTP method."
)
body_option = click.option(
    "-d", "--data", metavar="JSON", help="The body: JSON, @FILE that holds it, or - for stdin."
)
plugin_option = click.option("--plugin", help="Log-in backend. Without it: dummy, or the only one there is.")
password_option = click.option("--password", help="Password; without it one is asked for, unless for dummy.")
token_option = click.option(
    "--token", help="A token of this server (see `starbeam token`), instead of logging in."
)
provider_option = click.option("--provider-token", help="An identity provider's token, to log in with.")
insecure_option = click.option("-nv", "--no-verify", is_flag=True, help="Do not check the certificate.")


@click.command()
@path_argument
@click.option(
    "--server",
    default="http://localhost:8000/ispyb/api/v1",
    show_default=True,
    help="Address of the server with its API root.",
)
@method_option
@click.option("-l", "--login", help="Who logs in. Without it and without a token: nobody.")
@plugin_option
@password_option
@token_option
@provider_option
@body_option
@insecure_option
def call(path: str, server: str, no_verify: bool, method: str, data: str | None, **who: str | None) -> None:
    """Call the API of a running server and print the answer; status, length and time go to stderr.

    PATH is below the API root, or a full URL. The exit status is 1 when the answer is an error.
    """
    _call(server, path, method, data, who, verify=not no_verify)


@click.command()
@path_argument
@method_option
@click.option("-l", "--login", default="abcd", show_default=True, help="Who logs in.")
@click.option("-a", "--admin", is_flag=True, help="Log in as efgh.")
@body_option
@click.option("-r", "--root", default="/ispyb/api/v1", show_default=True, help="API root.")
@click.option("-b", "--host", default="localhost", show_default=True, help="Host, with :port if need be.")
@click.option("-s", "--https", is_flag=True, help="Speak https.")
@plugin_option
@password_option
@token_option
@provider_option
@insecure_option
def rest(
    path: str,
    root: str,
    host: str,
    https: bool,
    no_verify: bool,
    admin: bool,
    method: str,
    data: str | None,
    **who: str | None,
) -> None:
    """Call the API of a running server, as the old command of this name did: see `starbeam call`."""
    scheme = "https" if https or no_verify else "http"
    if admin:
        who["login"] = "efgh"
    _call(f"{scheme}://{host}/{root.strip('/')}", path, method, data, who, verify=not no_verify)


def _call(
    server: str, path: str, method: str, data: str | None, who: dict[str, str | None], verify: bool
) -> None:
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
    _print(answer)
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


def _print(answer: httpx.Response) -> None:
    phrase = responses.get(answer.status_code, "")
    length, milliseconds = len(answer.content), answer.elapsed.total_seconds() * 1000
    click.echo(f"{answer.status_code} {phrase}, {length} bytes, {milliseconds:.0f} ms", err=True)
    if "json" in answer.headers.get("content-type", "") and answer.content:
        click.echo(msgspec.json.format(answer.content, indent=2))
    elif answer.headers.get("content-type", "").startswith("text/"):
        click.echo(answer.text)
    elif answer.content:
        sys.stdout.buffer.write(answer.content)


def ispyb_rest() -> None:
    """Run `ispyb.rest`."""
    run(rest, "ispyb.rest")
