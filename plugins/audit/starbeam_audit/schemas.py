"""What `/admin/audit` answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, field

Values = dict[str, str | int | float | bool | None]


class AuditedRow(msgspec.Struct):
    """A row that was written."""

    key: Annotated[str, Meta(title="Key", description="Its primary key; of several columns: `3,7`")]
    before: Annotated[
        Values, Meta(title="Before", description="What columns held that changed. Empty for a new row")
    ]
    after: Annotated[
        Values, Meta(title="After", description="What they hold since. Empty for a row that was deleted")
    ]


class Audited(msgspec.Struct):
    """Rows of one table that were written together."""

    auditId: Annotated[int, Meta(title="Audit Id")]
    writtenAt: Annotated[datetime, Meta(title="Written At")]
    login: Annotated[
        str, Meta(title="Login", description="Who it was; `token:` and a name for a machine's token")
    ]
    personId: Annotated[int, Meta(title="Person Id", description="0 for what is no person")]
    token: Annotated[str | None, Meta(title="Token", description="The name of the token, where one was sent")]
    behalf: Annotated[
        str | None, Meta(title="Behalf", description="The login of the person for whom a machine worked")
    ]
    address: Annotated[str, Meta(title="Address")]
    requestId: Annotated[str, Meta(title="Request Id", description="As in `X-Request-ID` and in the log")]
    operation: Annotated[
        str, Meta(title="Operation", description="`PATCH` and the template of a path, or a command")
    ]
    verb: Annotated[str, Meta(title="Verb", description="`insert`, `update` or `delete`")]
    tableName: Annotated[str, Meta(title="Table")]
    rowCount: Annotated[int, Meta(title="Row Count")]
    firstKey: Annotated[str, Meta(title="First Key")]
    lastKey: Annotated[str, Meta(title="Last Key")]
    rows: Annotated[
        list[AuditedRow],
        Meta(
            title="Rows",
            description="The first 100 of them, and fewer where these are large. Long values are cut, and"
            " columns that hold secrets are left out",
        ),
    ] = field(default_factory=list)
