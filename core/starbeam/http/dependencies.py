"""What handlers are given by name. What every handler may ask for is listed in `starbeam.app`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from typing import TYPE_CHECKING, Any, get_type_hints

from litestar import Request
from litestar.constants import RESERVED_KWARGS
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from msgspec import Struct, inspect

from starbeam.access import Principal
from starbeam.conversion import described
from starbeam.db.reader import Reader
from starbeam.db.writer import Write
from starbeam.fields import kinds
from starbeam.http import repeats

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler

    from starbeam.store import Store


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


async def caller(request: Request[Principal, Any, Any]) -> Principal:
    """Who calls."""
    return request.user


def reading_and_writing(store: Store) -> dict[str, Provide]:
    """`reader` and `write`: what a request reads and writes a database with."""

    async def reader(
        request: Request[Any, Any, Any], who: NamedDependency[Principal]
    ) -> AsyncIterator[Reader]:
        async with store.reads(who, anywhere=request.method == "GET") as reader:
            yield reader

    async def write(request: Request[Any, Any, Any], who: NamedDependency[Principal]) -> Write:
        repeat = repeats.of(request)
        return await store.write(who, repeat.begin if repeat else None)

    return {"reader": Provide(reader), "write": Provide(write)}


def always(**values: Any) -> dict[str, Provide]:
    """Values that are the same for every request, by name: for the `dependencies` of a router."""
    return {name: _constant(value) for name, value in values.items()}


def _constant(value: Any) -> Provide:
    def get() -> Any:
        return value

    return Provide(get, sync_to_thread=False, use_cache=True)
