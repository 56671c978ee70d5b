"""What the API document says of fields of Structs, where their types alone would say something else.

    name: Annotated[str | None, Meta(title="Name"), REQUIRED]

Without a mark, fields that may be null are the ones that clients need not find.
"""

from __future__ import annotations

from typing import Any

from msgspec import Meta, inspect

REQUIRED = Meta(extra_json_schema={"required": True})
"""May be null, but has a value in every sound database: clients count on it."""
OPTIONAL = Meta(extra_json_schema={"required": False})
"""Is never null, but clients do not count on it."""


def said_of(kind: inspect.Type) -> dict[str, Any]:
    """What is said of a field, or of what it may be: title, description, unit."""
    if isinstance(kind, inspect.Metadata):
        return said_of(kind.type) | (kind.extra_json_schema or {})
    if isinstance(kind, inspect.UnionType):
        return {name: value for inner in kind.types for name, value in said_of(inner).items()}
    return {}


def kinds(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """What the type of a field may be, without what is said of it."""
    if isinstance(kind, inspect.Metadata):
        return kinds(kind.type)
    if isinstance(kind, inspect.UnionType):
        return tuple(one for inner in kind.types for one in kinds(inner))
    return (kind,)
