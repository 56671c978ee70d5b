"""Which tables and columns an operation reads and writes, found in the code of its handler.

The search follows the names that functions of plugins mention: to functions, prebuilt statements, shapes,
services and mapped classes. It may find more than one request touches, for it knows no conditions, and it
does not follow what is chosen at run time. `starbeam doctor` tells with it what a column that is missing
costs, and which grants the server needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import sqlalchemy
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy import ClauseElement, Column, Table, inspect
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.orm.util import AliasedClass
from sqlalchemy.sql import visitors

from starbeam.api.database import Shape
from starbeam.api.lists import List

_VERBS = {"insert": "INSERT", "update": "UPDATE", "delete": "DELETE"}
_ALL = frozenset(_VERBS.values())
_OF_SERVICES = {
    "create": frozenset({"INSERT"}),
    "create_many": frozenset({"INSERT"}),
    "update": frozenset({"UPDATE"}),
    "update_many": frozenset({"UPDATE"}),
    "upsert": frozenset({"INSERT", "UPDATE"}),
    "upsert_many": frozenset({"INSERT", "UPDATE"}),
    "delete": frozenset({"DELETE"}),
    "delete_many": frozenset({"DELETE"}),
}
"""Methods by which a service writes."""
_OF_SESSIONS = frozenset({"add_all", "merge", "flush"})
"""Methods by which a session writes."""
_OF_WRITERS = {
    "create": frozenset({"INSERT"}),
    "insert": frozenset({"INSERT"}),
    "update": frozenset({"UPDATE"}),
    "change": frozenset({"UPDATE"}),
    "delete": frozenset({"DELETE"}),
    "save": frozenset({"INSERT", "UPDATE"}),
}
"""Methods by which a `Writer`, which functions call `writer`, writes."""


@dataclass
class Use:
    """What is read, as `Table` and `Table.column`, and what is written, by table."""

    reads: set[str] = field(default_factory=set)
    writes: dict[str, set[str]] = field(default_factory=dict)
    verbs: set[str] = field(default_factory=set)
    """How tables are written that are chosen at run time: any of those that are read."""

    def may_write(self) -> dict[str, set[str]]:
        """The verbs by table, where those chosen at run time may be any."""
        found = {table: set(verbs) for table, verbs in self.writes.items()}
        for table in self.reads if self.verbs else ():
            if "." not in table:
                found[table] = found.get(table, set()) | self.verbs
        return found

    def write(self, table: str, verbs: Iterable[str]) -> None:
        """Note that a table is written with these verbs (`INSERT` …)."""
        self.writes.setdefault(table, set()).update(verbs)


def use_of(things: Iterable[Any], packages: Iterable[str]) -> Use:
    """What these functions, classes or modules use; followed is code of these packages."""
    search = _Search(frozenset(packages))
    for thing in things:
        search.visit(thing)
    return search.use


class _Search:
    def __init__(self, packages: frozenset[str]) -> None:
        self.use = Use()
        self._packages = packages
        self._seen: set[int] = set()

    def visit(self, thing: Any, names: frozenset[str] = frozenset()) -> None:
        """Note what a thing uses; `names` are what the code that mentions it mentions too."""
        if self._is_sql(thing, names):
            return
        if isinstance(thing, ModuleType):
            if self._ours(thing.__name__):
                for name in names & vars(thing).keys():
                    self.visit(vars(thing)[name], names)
        elif id(thing) not in self._seen:
            self._seen.add(id(thing))
            if isinstance(thing, FunctionType):
                if self._ours(thing.__module__):
                    self._function(thing)
            else:
                for inner in self._inside(thing):
                    self.visit(inner, names)

    def _is_sql(self, thing: Any, names: frozenset[str]) -> bool:
        """Note what is a part of SQL by itself."""
        if isinstance(thing, AliasedClass):
            thing = inspect(thing).mapper.class_
        if isinstance(thing, type) and issubclass(thing, DeclarativeBase):
            self._model(thing, names)
        elif isinstance(thing, type) and issubclass(thing, SQLAlchemyAsyncRepositoryService):
            self._service(thing, names)
        elif isinstance(thing, InstrumentedAttribute | ClauseElement):
            self._expression(getattr(thing, "expression", thing))
        else:
            return False
        return True

    def _ours(self, module: str) -> bool:
        return any(module == package or module.startswith(package + ".") for package in self._packages)

    def _inside(self, thing: Any) -> Iterator[Any]:
        """What hangs on a thing."""
        if isinstance(thing, MethodType):
            yield from (thing.__func__, thing.__self__)
        elif isinstance(thing, partial):
            yield from (thing.func, *thing.args, *thing.keywords.values())
        elif isinstance(thing, Shape):
            yield from thing.sources
        elif isinstance(thing, List):
            yield from thing.parts
        elif isinstance(thing, Mapping):
            yield from (*thing.keys(), *thing.values())
        elif isinstance(thing, list | tuple | set | frozenset):
            yield from thing
        elif self._ours((thing if isinstance(thing, type) else type(thing)).__module__):
            yield from self._members(thing)

    def _members(self, thing: Any) -> Iterator[Any]:
        """Methods of a class of a plugin, and of an instance its values too."""
        cls = thing if isinstance(thing, type) else type(thing)
        yield from (getattr(one, "__func__", one) for one in vars(cls).values())
        if thing is not cls:
            yield from getattr(thing, "__dict__", {}).values()

    def _function(self, function: FunctionType) -> None:
        names = frozenset(name for code in _codes(function.__code__) for name in code.co_names)
        mentioned = {name: function.__globals__[name] for name in names & function.__globals__.keys()}
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        for thing in (*mentioned.values(), *cells):
            self.visit(thing, names)
        self._writes(
            names, mentioned, writer={"writer", "change"} & {*function.__code__.co_varnames} != set()
        )

    def _writes(self, names: frozenset[str], mentioned: Mapping[str, Any], writer: bool) -> None:
        """Note what a function writes: tables that it mentions, else any."""
        verbs = {verb for name, verb in _VERBS.items() if mentioned.get(name) is getattr(sqlalchemy, name)}
        if names & _OF_SESSIONS:
            verbs |= {"INSERT", "UPDATE"}
        if writer:
            verbs = verbs.union(*(_OF_WRITERS[name] for name in names & _OF_WRITERS.keys()))
        models = [
            one for one in mentioned.values() if isinstance(one, type) and issubclass(one, DeclarativeBase)
        ]
        for model in models if verbs else ():
            self.use.write(model.__tablename__, verbs)
        if not models:
            self.use.verbs |= verbs

    def _model(self, model: type[DeclarativeBase], names: frozenset[str]) -> None:
        attributes = inspect(model).column_attrs
        self.use.reads.add(model.__tablename__)
        for attribute in attributes:
            if attribute.key in names:
                self._expression(attribute.columns[0])

    def _service(self, service: type[Any], names: frozenset[str]) -> None:
        """Note what a service writes by the methods that are called beside it; if none are, it may be all."""
        table = getattr(service.repository_type, "model_type", None)
        if table is not None:
            self.use.reads.add(table.__tablename__)
            verbs = set[str]().union(*(_OF_SERVICES[name] for name in names & _OF_SERVICES.keys()))
            self.use.write(table.__tablename__, verbs or _ALL)

    def _expression(self, expression: Any) -> None:
        for part in visitors.iterate(expression):
            if isinstance(part, Column) and isinstance(part.table, Table):
                self.use.reads |= {part.table.name, f"{part.table.name}.{part.name}"}
            elif isinstance(part, Table):
                self.use.reads.add(part.name)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of those inside of it."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # of a variable that has no value yet
        return False
