"""`starbeam token new`, `list`, `show`, `rotate`, `revoke` and `test`: tokens of machines."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

import click
import msgspec

from starbeam.api import (
    ALL_PROPOSALS,
    Conflict,
    Forbidden,
    Invalid,
    Missing,
    Principal,
    Unauthenticated,
    Unavailable,
)
from starbeam.api.commands import (
    Failure,
    build,
    config_option,
    json_option,
    output,
    toml,
    toml_key,
    with_database,
)
from starbeam.api.settings import NONE

if TYPE_CHECKING:
    from starbeam.api.database import Database, Writer
    from starbeam.api.tools import Starbeam
    from starbeam_tokens import TokensPlugin
    from starbeam_tokens.changes import Terms
    from starbeam_tokens.schemas import MadeToken, Token

P = ParamSpec("P")
R = TypeVar("R")

NEVER = 100 * 365
"""Days that the command line may give a token: as long as anybody wants."""
out_option = click.option(
    "--out", type=click.Path(path_type=Path), help="Write the token to this file, for its owner alone."
)


@click.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it is good for.")
@click.option("--beamline", "beamlines", multiple=True, required=True, help="One that it sees; *: all.")
@click.option("--proposal", "proposals", multiple=True, help="Name of a proposal, with * for any letters.")
@click.option("--network", "networks", multiple=True, help="A network that it is taken from.")
@click.option("--days", type=click.IntRange(1, NEVER), help="How long it lives. Without: a year.")
@click.option("--never", is_flag=True, help="It never ends.")
@click.option("--service", help="Whose token it is.")
@click.option("--dangerous", is_flag=True, help="Allow the scope all_proposals: it opens every row.")
@click.option("--print-config", is_flag=True, help="Make no row: print a section of the configuration.")
@out_option
@config_option
def new(
    name: str,
    config: Path | None,
    out: Path | None,
    days: int | None,
    *,
    never: bool,
    dangerous: bool,
    print_config: bool,
    **said: Any,
) -> None:
    """Make a token of a machine, and print it: this once."""
    if ALL_PROPOSALS in said["scopes"] and not dangerous:
        raise Failure(f"the scope {ALL_PROPOSALS} opens every row", "Add --dangerous where that is meant.")
    lines = {key: list(value) for key, value in said.items() if key != "service"}
    if print_config:
        _print_section(name, lines, days, out)
        return
    from starbeam_tokens import changes
    from starbeam_tokens.schemas import NewToken

    starbeam = _with_tokens(config)
    sent: dict[str, Any] = {
        "name": name,
        "beamLines": lines.pop("beamlines"),
        "service": said["service"],
        **lines,
    }
    if days:
        sent["expires"] = starbeam.clock.now() + timedelta(days=days)
    try:
        data = msgspec.convert(sent, NewToken)
    except msgspec.ValidationError as error:
        raise Failure(str(error)) from None
    terms = _terms(starbeam, *([ALL_PROPOSALS] if dangerous else []), never=never)
    _tell(_done(starbeam, changes.add, terms, data), out)


def _print_section(name: str, lines: dict[str, list[str]], days: int | None, out: Path | None) -> None:
    """A token that stands in the configuration."""
    from starbeam_tokens import spelling

    token = spelling.new_token(spelling.MACHINE, spelling.new_id())
    ends = (datetime.now() + timedelta(days=days)).replace(microsecond=0) if days else None
    click.echo(f"[plugin.tokens.static.{toml_key(name)}]")
    for key, value in {"sha256": spelling.digest(token), **lines, "expires": ends}.items():
        if value:
            click.echo(f"{key} = {value.isoformat() if isinstance(value, datetime) else toml(value)}")
    _hand_over(token, out)


@click.command("list")
@json_option
@config_option
def listed(config: Path | None, *, as_json: bool) -> None:
    """List the tokens, of people's scripts too."""
    from starbeam.api.lists import LARGEST, Page
    from starbeam_tokens.queries import TOKENS

    async def all_of(writer: Writer) -> list[Token]:
        return (await writer.page(TOKENS, Page(0, LARGEST))).results

    found = _done(_with_tokens(config), all_of)
    names = (
        "tokenId",
        "name",
        "scopes",
        "beamLines",
        "proposals",
        "createdBy",
        "expires",
        "revokedAt",
        "uses",
    )
    output.listing(output.rows(found, *names), as_json)


@click.command()
@click.argument("token_id", metavar="ID")
@config_option
def show(token_id: str, config: Path | None) -> None:
    """Show a token, without its secret."""
    from starbeam_tokens import changes

    output.json(_done(_with_tokens(config), changes.one, token_id))


@click.command()
@click.argument("token_id", metavar="ID")
@click.option(
    "--grace", type=click.IntRange(0, 720), default=24, help="Hours for which the old one works on."
)
@out_option
@config_option
def rotate(token_id: str, config: Path | None, grace: int, out: Path | None) -> None:
    """Replace a machine's token, and print the new one: this once."""
    from starbeam_tokens import changes
    from starbeam_tokens.schemas import Rotation

    starbeam = _with_tokens(config)
    terms = _terms(starbeam, ALL_PROPOSALS, never=False)
    _tell(_done(starbeam, changes.rotate, terms, token_id, Rotation(grace)), out)


@click.command()
@click.argument("token_id", metavar="ID")
@config_option
def revoke(token_id: str, config: Path | None) -> None:
    """End a token."""
    from starbeam_tokens import changes
    from starbeam_tokens.queries import TOKENS

    _done(_with_tokens(config), changes.revoke, TOKENS, token_id)
    click.echo(f"{token_id} is revoked; a running server knows it within five seconds")


@click.command()
@config_option
def test(config: Path | None) -> None:
    """Read a token from standard input, and print what it is good for."""
    starbeam = _with_tokens(config, tables=False)
    token = sys.stdin.read().strip()
    parts = _plugin(starbeam).parts(starbeam.context("tokens"))

    try:
        found = _on_tables(starbeam, lambda: parts.authenticator.found(token))
    except Unavailable as error:
        raise Failure(error.sentence) from None
    except Unauthenticated as error:
        raise Failure(f"{error.sentence}: it is not known, was revoked, has ended or has not begun") from None
    if isinstance(found, Principal):
        output.json({"login": found.login, "personId": found.person_id})
        return
    about = found.limits
    output.json(
        {
            "name": about.token,
            "scopes": sorted(about.scopes),
            "beamLines": found.beamlines,
            "proposals": about.proposals,
            "networks": [str(one) for one in found.networks],
            "expires": found.expires,
        }
    )


def _with_tokens(config: Path | None, *, tables: bool = True) -> Starbeam:
    """The app of a configuration that has the plugin, and its tables."""
    starbeam = build(config)
    if starbeam.plugins.manager.get_plugin("tokens") is None:
        raise Failure("the plugin tokens is not enabled", 'Add "tokens" to plugins.enabled.')
    if tables and _plugin(starbeam).settings.tables == NONE:
        raise Failure(
            "this configuration keeps no tokens in tables", "--print-config makes one for the file."
        )
    return starbeam


def _terms(starbeam: Starbeam, *more: str, never: bool) -> Terms:
    """Whoever runs the server may give every scope, and these."""
    from starbeam.api import READ
    from starbeam_tokens.changes import Terms

    known = {READ, *more, *(name for name, one in starbeam.registry.permissions.items() if one.scope)}
    taken = frozenset(_plugin(starbeam).settings.static)
    return Terms(known, known, NEVER, starbeam.clock, taken, never)


def _done(
    starbeam: Starbeam,
    work: Callable[Concatenate[Writer, P], Awaitable[R]],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """Work on the tokens, in the name of the account that runs the command."""
    from starbeam.api import Principal
    from starbeam_tokens.changes import MANAGE

    async def run() -> R:
        await starbeam.snapshot.reload()
        own = starbeam.context("tokens").own
        write = await own.write(Principal(0, getpass.getuser(), frozenset({MANAGE})))
        done = await write.alone("tokens", work, *args, **kwargs)
        await starbeam.shared.tell()
        await starbeam.shared.close()
        return done

    try:
        return _on_tables(starbeam, run)
    except (Conflict, Forbidden, Invalid, Missing) as error:
        raise Failure(error.sentence) from None


def _on_tables(starbeam: Starbeam, work: Callable[[], Awaitable[R]]) -> R:
    """Work with the databases, which are closed then."""

    async def run(database: Database) -> R:
        try:
            return await work()
        finally:
            for one in starbeam.databases:
                await one.close()

    return with_database(starbeam.database, run)


def _plugin(starbeam: Starbeam) -> TokensPlugin:
    return cast("TokensPlugin", starbeam.plugins.manager.get_plugin("tokens"))


def _tell(made: MadeToken, out: Path | None) -> None:
    click.echo(f"id {made.tokenId}, ends {made.expires or 'never'}", err=True)
    _hand_over(made.token, out)


def _hand_over(token: str, out: Path | None) -> None:
    """Give the token out: to a file that nobody else reads, or on standard output."""
    if out is None:
        click.echo(token)
        return
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{token}\n")
    click.echo(f"written to {out}", err=True)
