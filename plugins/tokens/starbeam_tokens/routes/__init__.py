"""The operations: of tokens, and of log-ins that last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Router

from starbeam.api.http import always, reading_and_writing
from starbeam_tokens.routes import logins, tokens

if TYPE_CHECKING:
    from starbeam.api.database import Store
    from starbeam_tokens.changes import Terms
    from starbeam_tokens.held import HeldTokens
    from starbeam_tokens.logins import LogIns
    from starbeam_tokens.renewal import Renewing


def router(
    held: HeldTokens, terms: Terms, refresher: Renewing | None, log_ins: LogIns, tables: Store | None
) -> Router:
    """Those that this configuration has."""
    handlers = [
        tokens.get_current_token,
        *(tokens.handlers if tables else []),
        *(logins.handlers if refresher else []),
        *(logins.of_tables if tables and refresher else []),
    ]
    given = always(held=held, terms=terms, refresher=refresher, log_ins=log_ins)
    own = reading_and_writing(tables) if tables else {}
    return Router("/", route_handlers=handlers, dependencies={**given, **own})
