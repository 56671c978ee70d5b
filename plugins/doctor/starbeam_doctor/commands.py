"""`starbeam doctor`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from starbeam.api.commands import (
    AWAY,
    config_option,
    finish,
    json_option,
    output,
    read_settings,
    require_file,
)

if TYPE_CHECKING:
    from starbeam.api.settings import Loaded
    from starbeam.api.tools import Starbeam
    from starbeam_doctor import Finding


@click.command()
@config_option
@json_option
@click.option("--db", is_flag=True, help="Look into the database too: grants, what it lacks, and the cost.")
@click.option("-v", "--verbose", is_flag=True, help="Print every warning, not one of each kind.")
def doctor(config: Path | None, as_json: bool, db: bool, verbose: bool) -> None:
    """Say what is well with a configuration, and what is not. It says what to do, and changes nothing.

    Status 0: nothing is broken (there may be warnings); 1: something is; 2: the server cannot start;
    3: the database does not answer.
    """
    loaded = read_settings(config)
    app, findings = _configuration(loaded, config)
    if app is not None:
        findings += finish(_running(app, db))
    if as_json:
        output.json(findings)
    else:
        _print(findings if verbose else list(one_of_each(findings)))
    sys.exit(_status(findings, started=app is not None))


def _configuration(loaded: Loaded, config: Path | None) -> tuple[Starbeam | None, list[Finding]]:
    from starbeam.api import StartupError
    from starbeam.api.tools import Starbeam
    from starbeam_doctor import error, site

    findings = list(site.of_settings(loaded, config, os.environ))
    try:
        app = Starbeam(loaded)
    except StartupError as stopped:
        faults = [
            error(f"{one.plugin or 'server'} ({one.stage})", one.cause, one.remedy) for one in stopped.faults
        ]
        return None, [*faults, *findings]
    return app, [*site.of_plugins(app), *findings]


async def _running(app: Starbeam, db: bool) -> list[Finding]:
    from starbeam_doctor import database, site

    try:
        findings = await site.of_checks(app)
        if db:
            require_file(app.database, AWAY)
            findings += await database.examine(app)
        return findings
    finally:
        await app.shared.close()
        for one in app.databases:
            await one.close()


def _status(findings: list[Finding], started: bool) -> int:
    errors = [one for one in findings if one.level == "error"]
    if not started:
        return 2
    if any(one.about == "database" for one in errors):
        return AWAY
    return 1 if errors else 0


def _urgency(finding: Finding) -> int:
    return ("error", "warning").index(finding.level) if finding.level != "ok" else 2


def one_of_each(findings: list[Finding]) -> Iterator[Finding]:
    """Of warnings about the same thing the first, which says how many more there are."""
    warnings = Counter(one.about for one in findings if one.level == "warning")
    for one in findings:
        others = warnings[one.about] - 1 if one.level == "warning" else 0
        if others > 0:
            yield replace(one, says=f"{one.says}, and {others} more such warnings: -v prints them")
            warnings[one.about] = 0
        elif others == 0:
            yield one


def _print(findings: list[Finding]) -> None:
    rows = [(one.level, one.about, one.says, one.remedy) for one in sorted(findings, key=_urgency)]
    output.table(("", "about", "says", "what to do"), rows, lines=False)
    for one in findings:
        if one.sql and one.level != "ok":
            click.echo(f"\n-- {one.about}: for whoever runs the database")
            for statement in one.sql:
                click.echo(statement)
