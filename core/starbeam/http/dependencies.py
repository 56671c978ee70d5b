"""What handlers are given by name, beside what every handler may ask for (`starbeam.app`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any, get_type_hints

from litestar.constants import RESERVED_KWARGS
from litestar.di import Provide
from litestar.params import QueryParameter
from msgspec import Struct, inspect

from starbeam.conversion import described
from starbeam.fields import kinds

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler


_PLAIN = (
    inspect.NoneType
    | inspect.BoolType
    | inspect.IntType
    | inspect.FloatType
    | inspect.StrType
    | inspect.DateType
    | inspect.DateTimeType
    | inspect.LiteralType
    | inspect.EnumType
)
"""What parameters are, and no dependency is that is not marked as one."""


def asked(filters: type[Struct]) -> dict[str, Provide]:
    """`filters`, read from the query as a Struct of this class: for a handler's `dependencies`.

    Raises TypeError for a field without a description, which Litestar neither documents nor parses.
    """
    hints = get_type_hints(filters, include_extras=True)
    for name in filters.__struct_fields__:
        if not any(isinstance(one, QueryParameter) for one in getattr(hints[name], "__metadata__", ())):
            raise TypeError(f"{filters.__name__}.{name} has no description: Annotated[…, query(…)]")
    return {"filters": Provide(filters, sync_to_thread=False)}


def taken_away(handler: HTTPRouteHandler, given: Collection[str]) -> Iterator[str]:
    """The parameters of an operation that no request can set: a dependency, or something of Litestar's own,
    has the same name. `given` are the names of what every handler may ask for."""
    provided = handler.resolve_dependencies()
    waiting = [handler.parsed_fn_signature]
    while waiting:
        for name, field in waiting.pop().parameters.items():
            if field.is_di_field:
                waiting += [provided[name].parsed_fn_signature] if name in provided else []
            elif name in RESERVED_KWARGS or name not in given:
                if field.is_parameter_field and name in {*provided, *RESERVED_KWARGS}:
                    yield name
            elif all(isinstance(one, _PLAIN) for one in kinds(described(field.annotation))):
                yield name


def always(**values: Any) -> dict[str, Provide]:
    """Values that are the same for every request, by name: for the `dependencies` of a router."""
    return {name: _constant(value) for name, value in values.items()}


def _constant(value: Any) -> Provide:
    def get() -> Any:
        return value

    return Provide(get, sync_to_thread=False, use_cache=True)
