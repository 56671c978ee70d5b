"""What every plugin must keep, as a class of tests that a plugin's own tests subclass."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType, ModuleType
from typing import Any, ClassVar

import msgspec
import pytest
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from msgspec.structs import fields
from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Plugin, Refusal
from starbeam.api.http import status_of
from starbeam.api.settings import Found, description, discover, load, struct_of
from starbeam.api.tools import Operation, Starbeam, document, operations_of
from starbeam_testing.fixtures import SECRET, MakeApp
from starbeam_testing.trial import Tried

LONGEST_PERMISSION = 15
"""What `Permission.type` holds."""


class PluginContract(Tried):
    """Subclass it as `Test…` and set `plugin`. Every test says in a sentence what does not hold.

    class TestHello(PluginContract):
        plugin = "hello"
    """

    plugin: ClassVar[str]
    """The name of the plugin."""
    settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Settings that it needs to start, by dotted key; ``plugins.files`` where no package brings it."""
    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        """What the server runs on."""
        return "asyncio"

    def test_its_settings_are_strict_and_documented(self) -> None:
        """`Settings` is frozen, forbids unknown fields, and describes every field."""
        assert not (wrong := list(_loose(self._class().Settings))), wrong

    def test_it_has_a_title(self) -> None:
        """`title` is a few words for people."""
        assert getattr(self._class(), "title", "").strip(), "set `title`: plugins list shows it"

    def test_its_operations_are_documented(self) -> None:
        """Each has tags, a summary, an operation id of words, a sentence for each of its errors, and names
        every error that its handler raises."""
        app = self._app()
        operations = _operations(document(app.asgi))
        wrong = [
            f"{one.operation_id}: {what}"
            for one in self._operations(app)
            for what in _undocumented(one.handler, operations.get((one.method, _shown(one))))
        ]
        assert not wrong, wrong

    async def test_it_refuses_who_has_no_token(self, make_app: MakeApp) -> None:
        """Whatever is not public answers 401 without a valid token."""
        app = await make_app(*self._required(), self.plugin, **self.settings)
        requests = {
            f"{one.method} {one.path}": app.client.request(
                one.method, f"http://testserver.local{_filled(one.path)}", params={"token": "none"}
            )
            for one in self._operations(app.starbeam)
            if not one.handler.opt["access"].public
        }
        answers = dict(zip(requests, await asyncio.gather(*requests.values()), strict=True))
        wrong = {name: one.status_code for name, one in answers.items() if one.status_code not in (401, 404)}
        assert not wrong, f"answered without a token: {wrong}"

    def test_its_permissions_are_declared_with_what_they_give(self) -> None:
        """A permission has a name that the database can hold, and a description."""
        app = self._app()
        wrong = [
            one.name
            for one in app.registry.permissions_of(self.plugin)
            if len(one.name) > LONGEST_PERMISSION or not one.description.strip()
        ]
        assert not wrong, f"at most {LONGEST_PERMISSION} characters and a description: {wrong}"

    def test_it_owns_the_tables_that_it_maps(self) -> None:
        """Every mapped class of its package is registered."""
        registered = {one.__tablename__ for one in self._app().registry.models_of(self.plugin)}
        package = self._package()
        mapped = {one.__tablename__ for one in _mapped_classes() if _is_in(one.__module__, package)}
        assert mapped == registered, f"register_models and the package differ: {sorted(mapped ^ registered)}"

    def test_it_imports_no_plugin_that_it_does_not_require(self) -> None:
        """Imports of its package lead to Starbeam, libraries, and the plugins that it requires."""
        known = self._known()
        allowed = {_package_of(known[name]) for name in [*self._required(), self.plugin]}
        foreign = {_package_of(found) for found in known.values()} - allowed
        wrong = [
            f"{file.name}: {name}"
            for file in _sources(self._package())
            for name in _imports(file)
            if any(_is_in(name, package) for package in foreign)
        ]
        assert not wrong, f"forbidden, or missing in `requires`: {wrong}"

    def test_nothing_of_it_is_left_when_it_is_disabled(self) -> None:
        """Its package is not imported, and none of its operations is served."""
        served = {(one.method, one.path) for one in self._operations(self._app())}
        required, package = self._required(), self._package()
        with _forgotten(package):
            without = self._build(required)
            assert not [name for name in sys.modules if _is_in(name, package)], "it was imported"
        left = served & {(one.method, one.path) for one in operations_of(without.asgi)}
        assert not left, f"still served: {left}"

    # What the tests look at

    def _known(self) -> Mapping[str, Found]:
        known, faults = discover(self.settings.get("plugins.files", ()))
        assert self.plugin in known, f"no package brings the plugin {self.plugin}: {faults}"
        return known

    def _class(self, name: str | None = None) -> type[Plugin[Any]]:
        found: type[Plugin[Any]] = self._known()[name or self.plugin].entry_point.load()
        return found

    def _package(self) -> str:
        return _package_of(self._known()[self.plugin])

    def _required(self) -> list[str]:
        """What it requires, and what that requires."""
        names = [*self._class().requires]
        for name in names:
            names += [other for other in self._class(name).requires if other not in names]
        return names

    def _app(self) -> Starbeam:
        """An app with the plugin and what it requires."""
        return self._build([*self._required(), self.plugin], **self.settings)

    def _build(self, enabled: list[str], **settings: Any) -> Starbeam:
        files = self.settings.get("plugins.files", [])
        given = {"auth.secret_key": SECRET, "plugins.enabled": enabled, "plugins.files": files}
        return Starbeam(load(None, {}, given | settings))

    def _operations(self, app: Starbeam) -> list[Operation]:
        return [one for one in operations_of(app.asgi) if one.plugin == self.plugin]


def _filled(path: str) -> str:
    return re.sub("{[^}]*}", "1", path)


def _shown(operation: Operation) -> str:
    """The path as the API document has it."""
    return operation.path + ("/" if operation.handler.opt.get("slash") else "")


def _loose(settings: type[msgspec.Struct]) -> Iterator[str]:
    """What is not strict or not documented about a Struct of settings."""
    config = settings.__struct_config__
    if not config.frozen:
        yield f"{settings.__name__} is not frozen"
    if not config.forbid_unknown_fields:
        yield f"{settings.__name__} does not forbid unknown fields"
    for field in fields(settings):
        if not description(field.type):
            yield f"{settings.__name__}.{field.name} has no Meta(description=…)"
        if (inner := struct_of(field.type)) is not None:
            yield from _loose(inner)


def _operations(found: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (method.upper(), path): operation
        for path, item in found["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }


def _undocumented(handler: HTTPRouteHandler, operation: Mapping[str, Any] | None) -> Iterator[str]:
    if operation is None:
        if handler.resolve_include_in_schema():
            yield "is not in the API document"
        return
    if not operation.get("tags"):
        yield "has no tags"
    if not (operation.get("summary", "").strip() and operation.get("description", "").strip()):
        yield "has no docstring"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", operation.get("operationId", "")):
        yield f"has the operation id {operation.get('operationId')!r}, which is not words_like_these"
    errors: Mapping[int, str] = handler.opt.get("errors", {})
    for status, sentence in errors.items():
        if not str(sentence).strip():
            yield f"does not say what its error {status} means"
    documented = {str(status) for status in errors} | set(operation["responses"])
    for status in _raised(inspect.unwrap(handler.fn)):
        if str(status) not in documented:
            yield f"raises {status}, which errors={{…}} does not name"


def _raised(function: Any) -> set[int]:
    """Status codes of the refusals that the source of a handler names."""
    source = ast.parse(dedent(inspect.getsource(function)))
    names = {node.id for node in ast.walk(source) if isinstance(node, ast.Name)}
    kinds = [one for name in names if isinstance(one := function.__globals__.get(name), type)]
    refusals = {status_of(one) for one in kinds if issubclass(one, Refusal) and one is not Refusal}
    return refusals | {
        one.status_code for one in kinds if issubclass(one, HTTPException) and one is not HTTPException
    }


def _mapped_classes(base: type[Any] = DeclarativeBase) -> Iterator[type[Any]]:
    for cls in base.__subclasses__():
        if "__table__" in vars(cls):
            yield cls
        yield from _mapped_classes(cls)


def _package_of(found: Found) -> str:
    """The package or module that a plugin's class is in; of a plugin inside a larger package, that part."""
    return found.entry_point.module


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _sources(package: str) -> list[Path]:
    module: ModuleType = sys.modules[package]
    places = [Path(place) for place in getattr(module, "__path__", ())]
    return [file for place in places for file in place.rglob("*.py")] or [Path(str(module.__file__))]


def _imports(file: Path) -> Iterator[str]:
    """The absolute names that a source file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@contextmanager
def _forgotten(package: str) -> Iterator[None]:
    """While it lasts, no module of a package counts as imported."""
    kept = {name: module for name, module in sys.modules.items() if _is_in(name, package)}
    for name in kept:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if _is_in(name, package)]:
            del sys.modules[name]
        sys.modules.update(kept)
