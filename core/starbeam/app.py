"""The app factory: from settings to a Litestar app. Nothing is global: two apps with different plugins live
in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from msgspec.structs import replace

from starbeam import loader
from starbeam.access import Principal, Still
from starbeam.auth import onetime
from starbeam.auth.explaining import Explainer
from starbeam.auth.login import LoginService
from starbeam.auth.onetime import OneTimeTokens
from starbeam.auth.people import People
from starbeam.auth.ratelimit import Tries
from starbeam.auth.snapshot import REFRESH_SECONDS, Snapshot
from starbeam.auth.tokens import Tokens
from starbeam.cache import end_renewals
from starbeam.checks import Check
from starbeam.clock import Clock
from starbeam.db.engine import LOOK_SECONDS, Database
from starbeam.db.extensions import structs_of, together
from starbeam.faults import StartupError
from starbeam.files import Files
from starbeam.hooks import said
from starbeam.http import (
    bodies,
    csv,
    docs,
    errors,
    health,
    login,
    metrics,
    openapi,
    repeats,
    requests,
    schemas,
)
from starbeam.http.addresses import ClientAddress
from starbeam.http.aliases import Aliased
from starbeam.http.dependencies import always, caller, reading_and_writing, taken_away
from starbeam.http.guard import Guard
from starbeam.http.paging import PageProvider, tell_cut
from starbeam.lifespan import every
from starbeam.options import LiveOptions
from starbeam.plugin import Context
from starbeam.registry import CORE, Registry, handlers_of, operations_of
from starbeam.routers import OwnRouter
from starbeam.settings import secret_problem
from starbeam.shared import LOOK_SECONDS as SHARED_SECONDS
from starbeam.shared import Shared
from starbeam.store import Store

if TYPE_CHECKING:
    from starbeam.settings import Loaded


class Starbeam:
    """A built app: the Litestar app (`asgi`), and what it was built of."""

    def __init__(self, loaded: Loaded, *, needs_secret: bool = True) -> None:
        """Load the plugins and put everything together. Raises `StartupError` with every cause.

        Without `needs_secret` the app may be built to look at it (commands), not to serve.
        """
        settings = self.settings = loaded.settings
        self.clock = Clock(settings.server.timezone)
        self.plugins = loader.load(loaded)
        if needs_secret and (problem := secret_problem(settings.auth.secret_key)):
            cause = f"{loaded.origin('auth.secret_key')}: {problem}"
            remedy = (
                "set STARBEAM_AUTH__SECRET_KEY, or let STARBEAM_AUTH__SECRET_KEY_FILE name its file, or name"
                " a configuration with --config; starbeam demo needs none of them"
            )
            self.plugins.fault("", "settings", cause, remedy)
        if settings.database.replicas and settings.database.url.startswith("sqlite"):
            cause = f"{loaded.origin('database.replicas')}: database.replicas: an SQLite file has none"
            self.plugins.fault("", "settings", cause, "name a MariaDB server in database.url, or no replica")
        self.registry = Registry(self.plugins, settings.server.api_root)
        self.registry.collect_declarations()
        self.database = Database(settings.database, self.registry.models.values())
        self.shared = Shared(settings)
        self.options = LiveOptions(self.registry.options)
        self.ending = asyncio.Event()
        """Set when the server is told to end."""
        self.store, self.stores = self._stores()
        """Of ISPyB's database, and by plugin of the second one where its own tables are."""
        self.write, self.reads = self.store.write, self.store.reads
        self.snapshot = Snapshot(self.options, People(self.options), self.database, self.shared)
        self.explain = Explainer(self.snapshot, self.database, self.reads, self._paths)
        self.files = Files(settings.files)
        self.metrics = self._metrics()
        self.client_address = ClientAddress(settings.server.trusted_proxies)
        self.registry.collect_backends(settings.auth.backends, self.context)
        self.tokens = Tokens(settings.auth)
        self.tries = Tries(self.shared)
        self.health = health.Health(self.registry, self.database, self.metrics, self.is_test_system)
        self.onetime_tokens = OneTimeTokens(self.database, self.write, settings.auth.onetime_lifetime)
        self.logins = self._logins()
        if self.shared.is_on:
            says = "answers: failed log-ins, totals and changes of rights are shared"
            self.registry.checks.append(Check("shared", self.shared.trouble, essential=False, says=says))
        self.registry.collect_singles(self.context)
        self.logins.refresher = self.registry.refresher
        own = login.router(self.logins, self.onetime_tokens)
        self.registry.collect_parts([own, openapi.router(self.snapshot)], self.context)
        if self.plugins.faults:
            raise StartupError(self.plugins.faults)
        self.scopes = self.store.scopes
        for database in self.databases:
            database.observers = self.registry.observers
        self.scopes.extensions = together(self.registry.extensions)
        kept = self.registry.repeats
        self.repeating = repeats.Repeating(kept, settings.server.api_root) if kept else None
        self.asgi = self._built()

    def _stores(self) -> tuple[Store, dict[str, Store]]:
        """Of the ISPyB database, and of the second ones by plugin."""
        about = self.registry.rules, self.registry.listeners, self.clock, self.options
        beside = {}
        for plugin, one in self.registry.beside.items():
            settings = replace(self.settings.database, url=one.url, replicas=[])
            database = Database(settings, one.models.values())
            beside[plugin] = Store(database, *about, plugin)
        return Store(self.database, *about, shared=self.shared), beside

    def _metrics(self) -> metrics.Metrics | None:
        """The figures, where anybody may read them."""
        if not self.settings.server.metrics_from:
            return None
        kept = metrics.Metrics(self.settings.server.metrics_from)
        kept.watch(self.database, self.shared)
        return kept

    def _logins(self) -> LoginService:
        parts = self.tokens, self.tries, self.snapshot, self.database, self.write
        service = LoginService(self.registry.backends, *parts)
        if self.metrics:
            service.watchers.append(self.metrics.log_in)
        return service

    @property
    def databases(self) -> list[Database]:
        """ISPyB's, and the second ones of plugins."""
        return [self.database, *(store.database for store in self.stores.values())]

    def _paths(self) -> list[str]:
        return [one.path for one in operations_of(self.asgi)]

    @property
    def is_test_system(self) -> bool:
        """Whether somebody can log in without proof."""
        return any(backend.test_only for backend in self.registry.backends.values())

    def context(self, plugin: str) -> Context:
        """What a plugin's hooks are given."""
        backends = self.plugins.backends.get(plugin, {})
        collect = partial(self.plugins.call, ctx=self.context)
        about = self.settings, self.database, self.snapshot, self.clock, self.write, self.reads, self.ending
        own = self.stores.get(plugin, self.store)
        figures = self.metrics.registry if self.metrics else None
        more = self.explain, self.registry.permissions, figures, collect, self.shared, backends
        return Context(plugin, *about, own, *more)

    def _built(self) -> Litestar:
        """The Litestar app. What it refuses of a plugin's handlers is a fault of that plugin."""
        try:
            app = self._litestar(self.registry.routers)
        except Exception:
            for router in self.registry.routers:
                self._try_alone(router)
            if not self.plugins.faults:
                raise
        else:
            self._check_parameters(app)
        if self.plugins.faults:
            raise StartupError(self.plugins.faults)
        return app

    def _try_alone(self, router: Router) -> None:
        """Note what keeps an app with this plugin's handlers alone from being built."""
        try:
            self._litestar([router])
        except Exception as error:
            cause = f"register_routes: {said(error)}"
            self.plugins.fault(str(router.opt["plugin"]), "hooks", cause, "correct its handlers")

    def _litestar(self, routers: Sequence[Router]) -> Litestar:
        settings = self.settings.server
        guard = Guard(
            self.settings, self.tokens, self.snapshot, self.onetime_tokens, self.registry.authenticators
        )

        def still(request: Request[Principal, Any, Any]) -> Still:
            return partial(guard.still, request, request.route_handler)

        answer = partial(errors.answer, outage=self.database.outage, site=self.registry.site)
        beside = [
            health.router(self.health),
            metrics.router(self.metrics, self.client_address),
        ]
        for router in [*routers, *self.registry.pages]:
            csv.offer(handler for _, handler in handlers_of(router))
        for router in [*routers, *beside]:
            openapi.declare(handler for _, handler in handlers_of(router))
        # In one router, the methods of a path that plugins share are one route.
        operations = OwnRouter("/", route_handlers=routers)
        app = Litestar(
            route_handlers=[operations, *beside, *self._site()],
            guards=[guard.check],
            dependencies={**self._dependencies(), "still": Provide(still, sync_to_thread=False)},
            exception_handlers={HTTPException: answer, Exception: answer},
            request_class=bodies.JsonRequest,
            before_request=self._before,
            after_request=tell_cut,
            cors_config=_cors(settings.cors_origins, routers),
            lifespan=[self._lifespan()],
            openapi_config=openapi.configuration(settings.api_root, self.is_test_system),
            plugins=[schemas.StructPlugin()],
            state=State(
                {
                    "ending": self.ending,
                    "repeating": self.repeating,
                    "structs": structs_of(self.registry.extensions),
                }
            ),
            opt={"plugin": CORE},
            request_max_body_size=settings.max_body,
            logging_config=None,
            debug=False,
        )
        requests.one_by_one(app)
        requests.all_methods(app)
        # Around the whole app, for no middleware of Litestar sees what its router refuses.
        served = repeats.Kept(app.asgi_handler) if self.repeating else app.asgi_handler
        logged = requests.RequestLog(served, self.client_address, self.metrics, self.registry.observers)
        app.asgi_handler = logged
        if aliases := self.registry.aliases:
            app.asgi_handler = Aliased(logged, aliases, settings.api_root)
        return app

    async def _before(self, request: Request[Any, Any, Any]) -> Any:
        """What comes between guard and handler; an answer, where the handler is not asked."""
        await requests.read_words(request)
        return await self.repeating.before(request) if self.repeating else None

    def _check_parameters(self, app: Litestar) -> None:
        """Note parameters that no request can set."""
        for path, handler in handlers_of(app):
            for name in taken_away(handler, app.dependencies):
                cause = f"{handler.handler_name} ({path}): no request can set a parameter called {name}"
                remedy = f"rename it, or ask for what handlers are given with {name}: NamedDependency[…]"
                self.plugins.fault(str(handler.opt["plugin"]), "hooks", cause, remedy)

    def _site(self) -> list[Router]:
        """The web pages, where a plugin serves them; else one that says what this server is."""
        if (site := self.registry.site) is None:
            return [docs.start_page(self.settings.server.api_root, self.is_test_system)]
        given = {**always(health=self.health), **site.dependencies}
        pages = self.registry.pages
        return [OwnRouter(site.root, route_handlers=pages, dependencies=given, guards=list(site.guards))]

    def _dependencies(self) -> dict[str, Provide]:
        """What handlers of all plugins ask for by name.

        None is named as a parameter of an operation (`session`, `proposal` …): Litestar would take it for
        that.
        """

        return {
            "who": Provide(caller),
            "page": Provide(PageProvider(self.settings.server.max_limit), sync_to_thread=False),
            **reading_and_writing(self.store),
            **always(
                api_root=self.settings.server.api_root,
                client_address=self.client_address,
                clock=self.clock,
                database=self.database,
                files=self.files,
                login_service=self.logins,
                options=self.options,
            ),
        }

    def _lifespan(self) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
        @asynccontextmanager
        async def running(app: Litestar) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                for database in self.databases:
                    stack.push_async_callback(database.close)
                stack.push_async_callback(end_renewals)
                stack.callback(self.tries.close)
                if self.shared.is_on:
                    stack.push_async_callback(self.shared.close)
                    await self.shared.look()
                    self.shared.listeners.append(self.snapshot.refresh)
                    await stack.enter_async_context(every(SHARED_SECONDS, self.shared.look))
                for servers in filter(None, (database.servers for database in self.databases)):
                    await stack.enter_async_context(servers.watched())
                await self.snapshot.refresh()
                await stack.enter_async_context(every(REFRESH_SECONDS, self.snapshot.refresh))
                for database in self.databases:
                    await stack.enter_async_context(every(LOOK_SECONDS, database.watch_schema))
                await stack.enter_async_context(every(onetime.CLEAN_SECONDS, self.onetime_tokens.clean))
                if self.metrics:
                    await self.metrics.measure()
                    await stack.enter_async_context(every(metrics.MEASURE_SECONDS, self.metrics.measure))
                for plugin, lifespan in self.registry.lifespans:
                    await stack.enter_async_context(self.plugins.running(plugin, lifespan))
                yield

        return running


def create_app(loaded: Loaded) -> Litestar:
    """The app for an ASGI server. Raises `StartupError`."""
    return Starbeam(loaded).asgi


def _cors(origins: list[str], routers: Sequence[Router]) -> CORSConfig | None:
    """Any method and header from the configured origins; with "*" no credentials. Browsers may read the
    headers that operations document."""
    if not origins:
        return None
    handlers = [handler for router in routers for _, handler in handlers_of(router)]
    return CORSConfig(
        allow_origins=list(origins),
        allow_credentials="*" not in origins,
        expose_headers=sorted({said.name for one in handlers for said in one.response_headers or ()}),
        max_age=600,
    )
