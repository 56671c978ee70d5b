"""What the plugins of one app declare, put together; two owners of one thing are faults that name both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from litestar import Router
from litestar.handlers import HTTPRouteHandler
from msgspec.structs import replace

from starbeam import hooks, options, permissions
from starbeam.access import ANY_SCOPE, READ, Access
from starbeam.checks import Check
from starbeam.db import models
from starbeam.hooks import said
from starbeam.loader import CORRECT
from starbeam.routers import OwnRouter

if TYPE_CHECKING:
    from pathlib import Path

    from litestar.types import ControllerRouterHandler

    from starbeam.aliases import Alias
    from starbeam.auth.authenticators import Authenticator
    from starbeam.auth.backends import AuthBackend
    from starbeam.auth.refresh import Refresher
    from starbeam.db.extensions import Extension
    from starbeam.db.indexes import Index
    from starbeam.db.migrations import Migrations
    from starbeam.db.writer import Listener
    from starbeam.lifespan import Lifespan
    from starbeam.loader import Plugins
    from starbeam.observing import Observer
    from starbeam.options import Option
    from starbeam.pages import Site
    from starbeam.permissions import Permission
    from starbeam.plugin import Context
    from starbeam.repeats import Repeats
    from starbeam.visibility import Rule

CORE = "core"


@dataclass
class Beside:
    """A second database, of a plugin's own tables."""

    url: str
    models: dict[str, type[Any]] = field(default_factory=dict)


@dataclass
class Registry:
    """Everything declared, by the name that must be unique."""

    plugins: Plugins
    api_root: str
    models: dict[str, type[Any]] = field(default_factory=dict)
    """Of the ISPyB database."""
    beside: dict[str, Beside] = field(default_factory=dict)
    """By plugin."""
    options: dict[str, Option] = field(default_factory=dict)
    permissions: dict[str, Permission] = field(default_factory=dict)
    backends: dict[str, AuthBackend] = field(default_factory=dict)
    indexes: list[tuple[str, Index]] = field(default_factory=list)
    """With the plugin that wants each."""
    migrations: dict[str, list[Path]] = field(default_factory=dict)
    """By plugin: its folders of revisions."""
    rules: list[Rule] = field(default_factory=list)
    lifespans: list[tuple[str, Lifespan]] = field(default_factory=list)
    """With the plugin whose each is."""
    checks: list[Check] = field(default_factory=list)
    routers: list[Router] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    """Of operations."""
    authenticators: list[Authenticator] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)
    """Of every write."""
    observers: list[Observer] = field(default_factory=list)
    """Of requests and statements."""
    extensions: list[Extension] = field(default_factory=list)
    """Of plugins' lists."""
    refresher: Refresher | None = None
    repeats: Repeats | None = None
    site: Site | None = None
    pages: list[Router] = field(default_factory=list)
    _owners: dict[tuple[str, str], str] = field(default_factory=dict)

    def collect_declarations(self) -> None:
        """Models, options, permissions, revisions and indexes: what needs no running parts."""
        for name, urls in self.plugins.call("register_database"):
            self.beside.update((name, Beside(url)) for url in urls)
        for kind, of_core, hook, key, into in (
            ("table", models.mapped(models.Base), "register_models", "__tablename__", self.models),
            ("option", options.CORE, "register_options", "name", self.options),
            ("permission", permissions.CORE, "register_permissions", "name", self.permissions),
        ):
            for name, found in [(CORE, of_core), *self.plugins.call(hook)]:
                self._keep(kind, name, found, self._models(name) if kind == "table" else into, key)
        for name, folders in self.plugins.call("register_migrations"):
            for folder in folders:
                if not folder.is_dir():
                    self.plugins.fault(name, "hooks", f"register_migrations: no folder {folder}", CORRECT)
            if folders:
                self.migrations[name] = folders
        for name, indexes in self.plugins.call("register_indexes"):
            self.indexes += [(name, index) for index in indexes]

    def _models(self, plugin: str) -> dict[str, type[Any]]:
        """Of the database where a plugin's tables are."""
        return self.beside[plugin].models if plugin in self.beside else self.models

    def collect_backends(self, configured: Iterable[str], context: Callable[[str], Context]) -> None:
        """Log-in backends, in the order of the configuration; those without a section come last."""
        for name, found in self.plugins.call("register_auth_backends", ctx=context):
            self._keep("log-in backend", name, found, self.backends)
        first = [name for name in configured if name in self.backends]
        self.backends = {name: self.backends[name] for name in dict.fromkeys([*first, *self.backends])}

    def collect_singles(self, context: Callable[[str], Context]) -> None:
        """What renews log-ins, and what remembers requests."""
        self.refresher = self._one("register_refresher", "refresher", "of log-ins", context)
        self.repeats = self._one("register_repeats", "memory", "of requests", context)

    def _one(self, hook: str, kind: str, whose: str, context: Callable[[str], Context]) -> Any:
        """What one plugin gives at most."""
        kept = None
        for name, found in self.plugins.call(hook, ctx=context):
            for one in found:
                if self._claim(kind, whose, name):
                    kept = one
        return kept

    def collect_parts(
        self, core_routes: list[ControllerRouterHandler], context: Callable[[str], Context]
    ) -> None:
        """Routes, rules, background work and checks."""
        self._route(CORE, core_routes)
        for name, found in self.plugins.call("register_routes", ctx=context):
            self._route(name, found)
        self._collect_aliases(context)
        for _, found in self.plugins.call("register_visibility", ctx=context):
            self.rules += found
        for name, found in self.plugins.call("register_lifespan", ctx=context):
            self.lifespans += [(name, lifespan) for lifespan in found]
        self.checks += [
            Check(f"{name}.database", context(name).own.trouble, essential=False, says="answers")
            for name in self.beside
        ]
        for name, found in self.plugins.call("register_checks", ctx=context):
            named = [replace(check, name=f"{name}.{check.name}") for check in found]
            self._keep("check", name, named, {})
            self.checks += named
        for _, found in self.plugins.call("register_authenticators", ctx=context):
            self.authenticators += found
        for _, found in self.plugins.call("register_listeners", ctx=context):
            self.listeners += found
        for _, found in self.plugins.call("register_observers", ctx=context):
            self.observers += found
        self._collect_extensions(context)
        self.site = self._one("register_site", "site", "of the server", context)
        if self.site:
            self._collect_pages(self.site)

    def _collect_aliases(self, context: Callable[[str], Context]) -> None:
        for name, found in self.plugins.call("register_aliases", ctx=context):
            for alias in found:
                if ("path", _shape(alias.method, alias.path).lower()) not in self._owners:
                    cause = f"register_aliases: there is no operation {alias.operation}"
                    self.plugins.fault(name, "hooks", cause, CORRECT)
                elif self._claim("path", _shape(alias.method, alias.below + alias.path), name):
                    self.aliases.append(alias)

    def _collect_extensions(self, context: Callable[[str], Context]) -> None:
        for name, found in self.plugins.call("register_extensions", ctx=context):
            for extension in found:
                if self._claim("extension", f"of the list of {extension.of.shape.struct.__name__}", name):
                    self.extensions.append(extension)

    def _collect_pages(self, site: Site) -> None:
        for name, pages in site.pages.items():
            for router in self._router(name, "register_pages", pages.handlers, page=True):
                for path, handler in handlers_of(router):
                    self._claim_paths("page", name, path, handler)
                    self._check_access(name, path, handler)
                self.pages.append(router)

    def owners_of_tables(self) -> list[str]:
        """Core and the plugins that own tables, in the order in which they registered them."""
        return list(dict.fromkeys(self._owners["table", name.lower()] for name in self.models))

    def models_of(self, plugin: str) -> list[type[Any]]:
        """The models of the tables that a plugin owns."""
        return self._of(plugin, "table", self.models)

    def permissions_of(self, plugin: str) -> list[Permission]:
        """The permissions that a plugin declares."""
        return self._of(plugin, "permission", self.permissions)

    def options_of(self, plugin: str) -> list[Option]:
        """The runtime options that a plugin declares."""
        return self._of(plugin, "option", self.options)

    def _of(self, plugin: str, kind: str, declared: dict[str, Any]) -> list[Any]:
        return [one for name, one in declared.items() if self._owners[kind, name.lower()] == plugin]

    def revisions(self, beside: str = "") -> list[Migrations]:
        """The revisions of all plugins that have any, those that others require first: of the ISPyB database,
        or of the second one of a plugin."""
        from starbeam.db.migrations import Migrations  # Alembic, which no server needs

        found = []
        for plugin, folders in self.migrations.items():
            if beside != (plugin if plugin in self.beside else ""):
                continue
            own = {model.__tablename__ for model in self.models_of(plugin)}
            found.append(Migrations(plugin, folders, frozenset(self.models) - own))
        return found

    def _keep(
        self, kind: str, plugin: str, found: Iterable[Any], into: dict[str, Any], key: str = "name"
    ) -> None:
        for one in found:
            try:
                name = str(getattr(one, key))
            except AttributeError as error:  # a table's or backend's class without its name
                self.plugins.fault(plugin, "hooks", f"{kind}: {said(error)}", CORRECT)
                continue
            if self._claim(kind, name, plugin):
                into[name] = one

    def _claim(self, kind: str, name: str, plugin: str) -> bool:
        owner = self._owners.get((kind, name.lower()))
        if owner is None:
            self._owners[kind, name.lower()] = plugin
            return True
        if owner == plugin:
            cause, remedy = f"{kind} {name} is claimed twice", "correct the plugin"
        else:
            other = CORE if owner == CORE else f"{owner} ({self.plugins.distribution(owner)})"
            cause, remedy = f"{kind} {name} is claimed by {other} too", "disable one of the two"
        self.plugins.fault(plugin, "collisions", cause, remedy)
        return False

    def _route(self, plugin: str, found: Iterable[ControllerRouterHandler]) -> None:
        """The plugin's operations; each must declare its access."""
        for router in self._router(plugin, "register_routes", found, self.api_root):
            for full_path, handler in handlers_of(router):
                path = full_path.removeprefix(self.api_root)
                self._claim_paths("path", plugin, path, handler)
                self._claim("operation id", handler.handler_name, plugin)
                self._check_access(plugin, path, handler)
            self.routers.append(router)

    def _router(
        self,
        plugin: str,
        hook: str,
        found: Iterable[ControllerRouterHandler],
        root: str = "/",
        *,
        page: bool = False,
    ) -> Iterator[Router]:
        """The plugin's handlers under a router that carries its name, if Litestar takes them."""
        opt = {"plugin": plugin, "page": page}
        try:
            yield OwnRouter(root, route_handlers=list(found), opt=opt, include_in_schema=not page)
        except Exception as error:  # Litestar's own checks of handlers
            self.plugins.fault(plugin, "hooks", f"{hook}: {said(error)}", "correct its handlers")

    def _claim_paths(self, kind: str, plugin: str, path: str, handler: HTTPRouteHandler) -> None:
        for method in handler.http_methods - {"OPTIONS"}:
            self._claim(kind, _shape(method, path), plugin)

    def _check_access(self, plugin: str, path: str, handler: HTTPRouteHandler) -> None:
        if not hooks.fits(dict(handler.opt).get("errors", {}), dict[int, str]):
            cause = f"{handler.handler_name} ({path}): errors is no dict of statuses and sentences"
            self.plugins.fault(plugin, "hooks", cause, 'write errors={404: "No such lamp"}')
        access = handler.opt.get("access")
        if not isinstance(access, Access):
            cause = f"{handler.handler_name} ({path}) declares no access"
            self.plugins.fault(
                plugin, "hooks", cause, "add access=authenticated, needs(…) or public to its decorator"
            )
            return
        for permission in access.permissions:
            if permission not in self.permissions:
                cause = f"{handler.handler_name} needs the permission {permission}, which no plugin declares"
                self.plugins.fault(plugin, "hooks", cause, "declare it with register_permissions")
        for scope in {*access.scopes} - {READ, ANY_SCOPE}:
            if scope not in self.permissions or not self.permissions[scope].scope:
                cause = f"{handler.handler_name} is open to the scope {scope}, which no plugin declares"
                self.plugins.fault(plugin, "hooks", cause, "declare it: Permission(…, scope=True)")


def _shape(method: str, path: str) -> str:
    """What no two operations share: whatever their parameters are called."""
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


@dataclass(frozen=True)
class Operation:
    """A method on a path."""

    method: str
    path: str
    handler: HTTPRouteHandler

    @property
    def plugin(self) -> str:
        """Whose it is."""
        return str(self.handler.opt["plugin"])

    @property
    def access(self) -> str:
        """What its caller must bring: `public`, `authenticated` or a permission."""
        return str(self.handler.opt["access"])

    @property
    def operation_id(self) -> str:
        """Its name in the API document."""
        return self.handler.handler_name


def operations_of(router: Router) -> list[Operation]:
    """What a router or app serves for programs, by path and method."""
    return [one for one in _served(router) if not one.handler.opt.get("page")]


def pages_of(router: Router) -> list[Operation]:
    """What a router or app shows to people, by path and method."""
    return [one for one in _served(router) if one.handler.opt.get("page")]


def _served(router: Router) -> list[Operation]:
    found = [
        Operation(str(method), path, handler)
        for path, handler in handlers_of(router)
        for method in handler.http_methods - {"OPTIONS"}
    ]
    return sorted(found, key=lambda one: (one.path, one.method))


def handlers_of(router: Router) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Paths and HTTP handlers of a router or app, without the answers to OPTIONS that Litestar adds."""
    for route in router.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and handler.http_methods != {"OPTIONS"}:
                yield route.path_format, handler
