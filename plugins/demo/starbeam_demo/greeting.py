"""What the demo says once it serves: where to look, whom to log in as, and what to try."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from starbeam_demo import accounts, showcase
from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from starbeam.api.database import Database
    from starbeam.api.tools import Starbeam
    from starbeam_demo.making import Place


async def greet(app: Starbeam, place: Place, url: str) -> None:
    """Print it."""
    found = await _something_with_files(app.database)
    api = url + app.settings.server.api_root
    if app.registry.site is not None:
        click.echo(f"\nWeb pages: {url}{app.registry.site.root}")
    click.echo(f"API documentation: {url}/docs")
    click.echo(f"Data: {place.database} (delete it to start afresh)\n")
    backend = next((name for name, backend in app.registry.backends.items() if backend.test_only), None)
    if backend is None:
        return
    shown = [one for one in accounts.ACCOUNTS if one.shown]
    click.echo("Log in with any password as")
    width = max(len(one.login) for one in shown)
    for one in shown:
        click.echo(f"  {one.login.ljust(width)}  {one.description}")
    click.echo("\nTry")
    for command in [_log_in(api, backend, shown[0].login), *_requests(api, found)]:
        click.echo(f"  {command}")
    click.echo()


async def _something_with_files(database: Database) -> tuple[int, int] | None:
    """The last data collection of mx1001, whose files are there, after its session: their keys."""
    statement = (
        select(m.DataCollectionGroup.sessionId, m.DataCollection.dataCollectionId)
        .join(
            m.DataCollectionGroup,
            m.DataCollection.dataCollectionGroupId == m.DataCollectionGroup.dataCollectionGroupId,
        )
        .join(m.BLSession, m.DataCollectionGroup.sessionId == m.BLSession.sessionId)
        .join(m.Proposal, m.BLSession.proposalId == m.Proposal.proposalId)
        .where(m.Proposal.proposalCode == showcase.CODE, m.Proposal.proposalNumber == str(showcase.NUMBER))
        .where(m.DataCollection.fileTemplate.endswith(".h5"))
        .order_by(m.DataCollection.dataCollectionId.desc())
    )
    async with database.transaction() as session:
        found = (await session.execute(statement.limit(1))).first()
    return None if found is None else (found[0], found[1])


def _log_in(api: str, backend: str, login: str) -> str:
    body = json.dumps({"plugin": backend, "login": login, "password": "any"})
    return (
        f"TOKEN=$(curl -s {api}/auth/login -H 'Content-Type: application/json' -d '{body}'"
        """ | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')"""
    )


def _requests(api: str, found: tuple[int, int] | None) -> list[str]:
    """Commands for a shell: list proposals, look at a session, and into an HDF5 file."""
    paths = ["proposals?limit=3"]
    if found is not None:
        session, collection = found
        paths += [f"sessions/{session}", f"data/h5grove/meta?dataCollectionId={collection}&path=/"]
    return [f"""curl -s -H "Authorization: Bearer $TOKEN" '{api}/{path}'""" for path in paths]
