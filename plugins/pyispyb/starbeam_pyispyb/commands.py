"""`starbeam config import`, `starbeam call`, `starbeam watch`, and `ispyb.rest`, as py-ispyb's client of its
API was called."""

from __future__ import annotations

from pathlib import Path

import click

from starbeam.api.commands import Failure, run

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


server_option = click.option(
    "--server",
    default="http://localhost:8000/ispyb/api/v1",
    show_default=True,
    help="Address of the server with its API root.",
)
login_option = click.option("-l", "--login", help="Who logs in. Without it and without a token: nobody.")


@click.command()
@path_argument
@server_option
@method_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the answer to this file."
)
@login_option
@plugin_option
@password_option
@token_option
@provider_option
@body_option
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="The rows of all pages of a list; `limit` is how many are in a request.",
)
@click.option("--csv", is_flag=True, help="All rows of a list as CSV; `limit` is how many at most.")
@insecure_option
def call(
    path: str,
    server: str,
    no_verify: bool,
    method: str,
    data: str | None,
    output: Path | None,
    every: bool,
    csv: bool,
    **who: str | None,
) -> None:
    """Call the API of a running server.

    The answer is printed, or written to a file; status, length and time go to stderr. PATH is below the API
    root, or a full URL. The exit status is 1 when the answer is an error, 3 when the server does not answer.
    """
    from starbeam_pyispyb.call import send

    send(server, path, method, data, who, verify=not no_verify, to=output, every=every, csv=csv)


@click.command()
@server_option
@click.option("--session", metavar="NAME", help="Of this session only: mx1001-1.")
@click.option("--proposal", metavar="NAME", help="Of this proposal only.")
@click.option("--beamline", "beamLineName", metavar="NAME", help="Of this beamline only.")
@click.option("--json", "plain", is_flag=True, help="What the server sends, a JSON object a line.")
@login_option
@plugin_option
@password_option
@token_option
@provider_option
@insecure_option
def watch(
    server: str,
    session: str | None,
    proposal: str | None,
    beamLineName: str | None,
    plain: bool,
    no_verify: bool,
    **who: str | None,
) -> None:
    """Follow what happens on a running server, a line an event.

    Events that are new or have changed are told.

    It goes on until it is interrupted. When the server is away for a while, what happened meanwhile is told
    when it is back.
    """
    from starbeam_pyispyb.watch import watch as follow

    filters = {"session": session, "proposal": proposal, "beamLineName": beamLineName}
    follow(server, filters, who, verify=not no_verify, plain=plain)


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
    from starbeam_pyispyb.call import send

    scheme = "https" if https or no_verify else "http"
    if admin:
        who["login"] = "efgh"
    send(f"{scheme}://{host}/{root.strip('/')}", path, method, data, who, verify=not no_verify)


def ispyb_rest() -> None:
    """Run `ispyb.rest`."""
    run(rest, "ispyb.rest")


@click.command("import")
@click.argument("env", type=click.Path(path_type=Path))
@click.argument("auth", type=click.Path(path_type=Path), required=False)
@click.option("--output", "-o", "to", type=click.Path(path_type=Path), help="The file to write.")
def import_(env: Path, auth: Path | None, to: Path | None) -> None:
    """Turn py-ispyb's settings, ENV and the AUTH file of its log-in plugins, into a configuration.

    It is printed, or written to a new file that only its owner can read: it may hold secrets. What cannot be
    carried over is listed on stderr.
    """
    from starbeam_pyispyb.settings import Unreadable, translate

    try:
        text, left = translate(env, auth)
    except Unreadable as error:
        raise Failure(str(error), "ENV holds lines NAME=value; AUTH is YAML with a list AUTH.", 2) from error
    if to is None:
        click.echo(text, nl=False)
    else:
        _write(to, text)
        click.echo(f"wrote {to}; try: starbeam config check --config {to}", err=True)
    for line in left:
        click.echo(f"not carried over: {line}", err=True)


def _write(to: Path, text: str) -> None:
    try:
        to.touch(0o600, exist_ok=False)
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{to} cannot be written: {error.strerror}", "Name a new file.") from error
