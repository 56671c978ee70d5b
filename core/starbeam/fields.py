"""What the API document says of a field of an answer, where its type alone would say something else.

    name: Annotated[str | None, Meta(title="Name"), REQUIRED]

Without a mark, fields that may be null are the ones that clients need not find.
"""

from __future__ import annotations

from msgspec import Meta

REQUIRED = Meta(extra_json_schema={"required": True})
"""May be null, but has a value in every sound database: clients count on it."""
OPTIONAL = Meta(extra_json_schema={"required": False})
"""Is never null, but clients do not count on it."""
