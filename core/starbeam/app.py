"""The app factory: from settings to a Litestar app. Nothing is global: two apps with different plugins live
in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Router
from litestar.config.cors import CORSConfig
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

from starbeam import loader
from starbeam.access import Principal
from starbeam.auth import onetime, routes
from starbeam.auth.guard import Guard
from starbeam.clock import Clock
from starbeam.db.connection import ReadConnection
from starbeam.db.engine import LOOK_SECONDS, Database
from starbeam.db.reader import Reader
from starbeam.db.writer import Write
from starbeam.faults import StartupError
from starbeam.files import Files
from starbeam.hooks import said
from starbeam.http import bodies, errors, health, metrics, openapi, requests, schemas
from starbeam.http.paging import PageProvider
from starbeam.lifespan import every
from starbeam.options import REFRESH_SECONDS, LiveOptions
from starbeam.plugin import Context
from starbeam.registry import CORE, Registry, handlers_of
from starbeam.runtime import Runtime
from starbeam.settings import secret_problem
from starbeam.visibility import Visibility

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
        if needs_secret and (problem := secret_problem(settings.auth)):
            cause = f"{loaded.origin('auth.secret_key')}: {problem}"
            remedy = "set STARBEAM_AUTH__SECRET_KEY, or let STARBEAM_AUTH__SECRET_KEY_FILE name its file"
            self.plugins.fault("", "settings", cause, remedy)
        self.registry = Registry(self.plugins)
        self.registry.collect_declarations()
        self.database = Database(settings.database, self.registry.models.values())
        self.options = LiveOptions(self.registry.options, self.database)
        self.registry.collect_parts([*routes.handlers, *openapi.handlers], self.context)
        self.registry.order_backends(settings.auth.backends)
        if self.plugins.faults:
            raise StartupError(self.plugins.faults)
        self.runtime = Runtime(
            settings,
            self.plugins,
            self.database,
            self.options,
            self.registry.backends,
            Visibility(self.registry.rules),
            self.registry.checks,
            self.clock,
            self._metrics(),
        )
        self.asgi = self._built()

    def _metrics(self) -> metrics.Metrics | None:
        """The figures, where anybody may read them."""
        if not self.settings.server.metrics_from:
            return None
        kept = metrics.Metrics(self.settings.server.metrics_from)
        kept.watch(self.database)
        return kept

    def context(self, plugin: str) -> Context:
        """What a plugin's hooks are given."""
        backends = self.plugins.backends.get(plugin, {})
        collect = partial(self.plugins.call, ctx=self.context)
        return Context(plugin, self.settings, self.database, self.options, self.clock, collect, backends)

    def _built(self) -> Litestar:
        """The Litestar app. What it refuses of a plugin's handlers is a fault of that plugin."""
        try:
            return self._litestar(self.registry.routers)
        except Exception:
            for router in self.registry.routers:
                self._try_alone(router)
            if not self.plugins.faults:
                raise
        raise StartupError(self.plugins.faults)

    def _try_alone(self, router: Router) -> None:
        """Note what keeps an app with this plugin's handlers alone from being built."""
        try:
            self._litestar([router])
        except Exception as error:
            cause = f"register_routes: {said(error)}"
            self.plugins.fault(str(router.opt["plugin"]), "hooks", cause, "correct its handlers")

    def _litestar(self, routers: Sequence[Router]) -> Litestar:
        guard = Guard(self.settings, self.runtime.tokens, self.options, self.database)
        answer = partial(errors.answer, outage=self.database.outage)
        for router in routers:
            openapi.declare(handler for _, handler in handlers_of(router))
        openapi.declare([*health.handlers, *metrics.handlers])
        api = Router(self.settings.server.api_root, route_handlers=routers)
        app = Litestar(
            route_handlers=[api, *health.handlers, *metrics.handlers],
            guards=[guard.check],
            dependencies=_dependencies(self.runtime),
            exception_handlers={HTTPException: answer, Exception: answer},
            request_class=bodies.JsonRequest,
            before_request=requests.read_words,
            cors_config=_cors(self.settings.server.cors_origins),
            lifespan=[self._lifespan()],
            openapi_config=openapi.configuration(self.runtime),
            plugins=[schemas.StructPlugin()],
            opt={"plugin": CORE},
            request_max_body_size=self.settings.server.max_body,
            logging_config=None,
            debug=False,
        )
        app.asgi_handler = requests.RequestLog(
            app.asgi_handler, self.runtime.client_address, self.runtime.metrics
        )
        return app

    def _lifespan(self) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
        @asynccontextmanager
        async def running(app: Litestar) -> AsyncIterator[None]:
            async with AsyncExitStack() as stack:
                stack.push_async_callback(self.database.close)
                stack.callback(self.runtime.tries.close)
                await self.options.refresh()
                await stack.enter_async_context(every(REFRESH_SECONDS, self.options.refresh))
                await stack.enter_async_context(every(LOOK_SECONDS, self.database.watch_schema))
                await stack.enter_async_context(every(onetime.CLEAN_SECONDS, self._clean_onetime_tokens))
                for lifespan in self.registry.lifespans:
                    await stack.enter_async_context(lifespan())
                yield

        return running

    async def _clean_onetime_tokens(self) -> None:
        await onetime.clean(self.database, self.settings.auth.onetime_lifetime)


def create_app(loaded: Loaded) -> Litestar:
    """The app for an ASGI server. Raises `StartupError`."""
    return Starbeam(loaded).asgi


def _cors(origins: list[str]) -> CORSConfig | None:
    """Any method and header from the configured origins; with "*" no credentials."""
    if not origins:
        return None
    return CORSConfig(allow_origins=list(origins), allow_credentials="*" not in origins, max_age=600)


def _dependencies(runtime: Runtime) -> dict[str, Provide]:
    """What handlers of all plugins ask for by name: `runtime`, `who`, `files`, `page`, `reader`,
    `write`.

    None is named as a parameter of an operation (`session`, `proposal` …): Litestar would take it for that.
    """

    async def who(request: Request[Principal, Any, Any]) -> Principal:
        return request.user

    async def reader(who: NamedDependency[Principal]) -> AsyncIterator[Reader]:
        connection = ReadConnection(runtime.database)
        try:
            yield Reader(
                connection, await runtime.scope(who), who, runtime.clock.now(), runtime.options.values
            )
        finally:
            await connection.close()

    async def write(who: NamedDependency[Principal]) -> Write:
        scope = await runtime.scope(who)
        return Write(runtime.database, scope, who, runtime.clock.now(), runtime.options.values)

    def its_runtime() -> Runtime:
        return runtime

    def its_files() -> Files:
        return runtime.files

    return {
        "runtime": Provide(its_runtime, sync_to_thread=False, use_cache=True),
        "who": Provide(who),
        "files": Provide(its_files, sync_to_thread=False, use_cache=True),
        "page": Provide(PageProvider(runtime.settings.server.max_limit), sync_to_thread=False),
        "reader": Provide(reader),
        "write": Provide(write),
    }
