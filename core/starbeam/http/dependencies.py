"""What handlers are given by name, beside what every handler may ask for (`starbeam.app`)."""

from __future__ import annotations

from typing import Any, get_type_hints

from litestar.di import Provide
from litestar.params import QueryParameter
from msgspec import Struct


def asked(filters: type[Struct]) -> dict[str, Provide]:
    """`filters`, read from the query as a Struct of this class: for a handler's `dependencies`.

    Raises TypeError for a field without a description, which Litestar neither documents nor parses.
    """
    hints = get_type_hints(filters, include_extras=True)
    for name in filters.__struct_fields__:
        if not any(isinstance(one, QueryParameter) for one in getattr(hints[name], "__metadata__", ())):
            raise TypeError(f"{filters.__name__}.{name} has no description: Annotated[…, query(…)]")
    return {"filters": Provide(filters, sync_to_thread=False)}


def always(**values: Any) -> dict[str, Provide]:
    """Values that are the same for every request, by name: for the `dependencies` of a router."""
    return {name: _constant(value) for name, value in values.items()}


def _constant(value: Any) -> Provide:
    def get() -> Any:
        return value

    return Provide(get, sync_to_thread=False, use_cache=True)
