"""What `[plugin.audit]` may hold."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section
from starbeam.api.settings import ISPYB, check_tables


class AuditSettings(Section, frozen=True):
    """Who wrote what."""

    tables: Annotated[
        str,
        Meta(
            description='Where the record is: "ispyb", in a table of the ISPyB database, written with what it'
            " tells of or not at all; the URL of a second database, where it is written after that; or"
            ' "none": lines of a file, after that too',
            extra={"check": check_tables},
        ),
    ] = ISPYB
    days: Annotated[int, Meta(description="For how many days the table keeps it", ge=1)] = 400
    file: Annotated[
        str, Meta(description="Without a table: the file that lines are added to. Empty: the server's log")
    ] = ""
