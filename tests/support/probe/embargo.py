"""A plugin that narrows what another one shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam.db.scope import Scope
from starbeam.visibility import Restrict, Rule
from starbeam_ispyb.models import BLSession

CLOSED = "closed"
"""The beamline that nobody sees anything of."""


def _open(scope: Scope, session: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = session.beamLineName.is_distinct_from(CLOSED)
    return found


RULES: list[Rule] = [Restrict(BLSession, _open)]


class EmbargoPlugin(Plugin[NoSettings]):
    """Hides the sessions of one beamline from everybody."""

    name = "embargo"
    title = "A rule that narrows"
    requires = ("ispyb",)

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """No session of that beamline, unless a test says otherwise."""
        return RULES
