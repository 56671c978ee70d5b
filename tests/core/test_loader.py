"""From the configuration to plugins: every stage finds every mistake, and a start stops with all of them."""

from __future__ import annotations

import re
import sys
import uuid
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from starbeam import discovery
from starbeam.app import Starbeam
from starbeam.faults import Fault, StartupError
from starbeam.settings import load
from starbeam_testing.fixtures import SECRET
from support.probe import FILES

Cause = tuple[str, str, str]
"""Plugin, stage and cause."""

MODULE = """
from collections.abc import Awaitable
from functools import partial
from contextlib import nullcontext
from pathlib import Path
from litestar import get, post
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starbeam.api import NoSettings, Plugin, authenticated, hookimpl, hookspec, needs
from starbeam.auth.backends import AuthBackend
from starbeam.checks import Check
from starbeam.db.indexes import Index
from starbeam.db.models import IspybTable
from starbeam.options import Option
from starbeam.permissions import Permission
from starbeam.visibility import Restrict

def handler(method, path, name, **opt):
    async def answer() -> None: ...
    answer.__name__ = name
    return method(path, name=None, **opt)(answer)

class Backend(AuthBackend):
    async def authenticate(self, credentials):
        return None

async def nothing():
    yield

async def ticks():
    return None

async def told(word):
    return None

def handed() -> Awaitable[str | None]:
    return ticks()

class Wordless(GeneratorExit):
    def __str__(self):
        raise ValueError
    def fail(self):
        raise self

class P(Plugin[NoSettings]):
    name = "{name}"
    title = "A plugin of a test"
{body}
"""


def filled(name: str, body: str) -> str:
    """The source of a plugin with this class body."""
    indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return MODULE.replace("{name}", name).replace("{body}", indented)


class Bench:
    """Plugins in a folder, named by a manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "local.toml"
        self.modules: dict[str, str] = {}

    def plugin(self, name: str, body: str = "", source: str | None = None) -> Bench:
        """Add a plugin with this class body, or with a module of its own."""
        module = self.modules[name] = f"made_{uuid.uuid4().hex}"
        text = filled(name, body) if source is None else source
        (self.folder / f"{module}.py").write_text(text)
        lines = [f'{name} = "{module}:P"' for name, module in self.modules.items()]
        self.manifest.write_text("\n".join(["[plugins]", *lines]))
        return self

    def start(self, *enabled: str, **settings: Any) -> Starbeam:
        """Build an app with these plugins; without names, all of the bench."""
        given = {
            "auth.secret_key": SECRET,
            "plugins.enabled": list(enabled or self.modules),
            "plugins.files": [str(self.manifest)] if self.modules else [],
            **settings,
        }
        return Starbeam(load(None, {}, given))

    def faults_of_all_hooks(self) -> list[Fault]:
        """What `config check` finds: a server does not ask for demo data."""
        try:
            app = self.start()
        except StartupError as error:
            return error.faults
        list(app.plugins.call("register_demo_data", ctx=app.context))
        return app.plugins.faults

    def faults(self, *enabled: str, **settings: Any) -> list[Fault]:
        with pytest.raises(StartupError) as raised:
            self.start(*enabled, **settings)
        return raised.value.faults

    def causes(self, *enabled: str, **settings: Any) -> list[Cause]:
        """What stops the start."""
        return [(one.plugin, one.stage, one.cause) for one in self.faults(*enabled, **settings)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(sys, "path", [*sys.path])
    return Bench(tmp_path)


# discover


def test_a_plugin_that_is_not_installed(bench: Bench) -> None:
    misspelt, unknown = bench.faults("propsals", "zzz")
    assert misspelt == Fault("propsals", "", "discover", "is not installed", "did you mean proposals?")
    remedy = "install its package, or leave it out of plugins.enabled"
    assert unknown == Fault("zzz", "", "discover", "is not installed", remedy)


def test_a_bundled_plugin_that_is_not_installed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "_installed", list)
    (fault,) = bench.faults("auth_dummy")
    remedy = "pip install starbeam-auth-dummy, or leave it out of plugins.enabled"
    assert fault == Fault("auth_dummy", "", "discover", "is not installed", remedy)


def test_manifests_that_do_not_hold(bench: Bench) -> None:
    missing, broken, strange = (str(bench.folder / name) for name in ("missing", "broken", "strange"))
    Path(broken).write_text("[plugins\n")
    Path(strange).write_text("[plugin]\na = 'b'")
    found = bench.faults("ispyb", **{"plugins.files": [missing, broken, strange]})
    assert [(fault.distribution, fault.stage) for fault in found] == [
        (missing, "discover"),
        (broken, "discover"),
        (strange, "discover"),
    ]
    assert found[0].cause == f"plugins.files: {missing}: No such file or directory"
    assert found[1].cause.startswith("plugins.files: ")
    assert found[2].cause.startswith(f"plugins.files: {strange}: Object contains unknown field `plugin`")


def test_two_plugins_of_one_name(bench: Bench) -> None:
    bench.plugin("proposals")
    found = bench.faults("ispyb", "proposals")
    cause = f"starbeam-proposals {version('starbeam-proposals')} has a plugin of this name too"
    remedy = "uninstall one of the two, or rename the plugin"
    assert found == [Fault("proposals", str(bench.manifest), "discover", cause, remedy)]


def test_a_disabled_plugins_module_is_never_imported(bench: Bench) -> None:
    bench.plugin("used").plugin("unused", source="raise SystemExit('imported')")
    app = bench.start("used")
    assert list(app.plugins.enabled) == ["used"]
    assert bench.modules["used"] in sys.modules
    assert bench.modules["unused"] not in sys.modules


# import


def test_imports_that_fail(bench: Bench) -> None:
    bench.plugin("lacking", source="import not_there_at_all")
    bench.plugin("broken", source="class P(:")
    bench.plugin("raising", source="raise RuntimeError('line one\\nline two')")
    bench.plugin("leaving", source="import sys\nsys.exit(3)")
    bench.plugin("empty", source="")
    bench.plugin("classless", source="P = 5")
    bench.plugin("stranger", source="class P: name = 'stranger'")
    bench.plugin("renamed", source=MODULE.replace("{name}", "other").replace("{body}", ""))
    found = bench.causes()
    assert [(plugin, stage) for plugin, stage, _ in found] == [(name, "import") for name in bench.modules]
    causes = {plugin: cause for plugin, _, cause in found}
    at = {name: bench.folder / f"{module}.py" for name, module in bench.modules.items()}
    assert causes["lacking"] == f"ModuleNotFoundError: No module named 'not_there_at_all' ({at['lacking']}:1)"
    assert causes["broken"].startswith("SyntaxError: invalid syntax")
    assert causes["broken"].endswith(f"({at['broken']}:1)")
    assert causes["raising"] == f"RuntimeError: line one ({at['raising']}:1)"
    assert causes["leaving"] == f"SystemExit: 3 ({at['leaving']}:2)"
    assert causes["empty"].startswith("AttributeError: module")
    for name in ("classless", "stranger", "renamed"):
        assert causes[name] == f"is no subclass of starbeam.api.Plugin with name = {name!r}"


# settings


def test_settings_that_do_not_hold(bench: Bench) -> None:
    bench.plugin("fussy", "def __init__(self, settings):\n    raise ValueError('no such beamline')")
    settings = {
        "plugin.probe.relm": "x",
        "plugin.probe.healthy": "perhaps",
        "plugin.ispby.a": 1,
        "plugin.qqqqqq.a": 1,
        "auth.backends": {"ldap": {"use": "auth_dummy"}},
        "auth.secret_key": "",
        "plugins.files": [*FILES, str(bench.manifest)],
    }
    found = bench.faults("probe", "fussy", **settings)
    assert {fault.stage for fault in found} == {"settings"}
    told = {(fault.plugin, fault.cause.split(": ", 1)[-1].split(" (/")[0]): fault.remedy for fault in found}
    assert told["ispby", "there is no such plugin"] == "did you mean [plugin.ispyb]?"
    assert told["qqqqqq", "there is no such plugin"] == "leave the section out, or install the plugin"
    assert told["fussy", "no such beamline"] == "correct its settings, or disable the plugin"
    not_enabled = "auth.backends.ldap.use: the plugin auth_dummy is not enabled"
    assert told["auth_dummy", not_enabled] == "add it to plugins.enabled, or leave the backend out"
    (of_server,) = [fault.cause for fault in found if fault.plugin == ""]
    assert "auth.secret_key is empty" in of_server
    of_probe = [fault.cause for fault in found if fault.plugin == "probe"]
    assert [next(key for key in ("relm", "healthy") if key in cause) for cause in of_probe] == [
        "relm",
        "healthy",
    ]


# requires


def test_requirements_that_are_not_enabled(bench: Bench) -> None:
    bench.plugin("needy", "requires = ('ispyb', 'zzz')")
    found = bench.faults()
    assert [(fault.stage, fault.cause, fault.remedy) for fault in found] == [
        ("requires", "needs ispyb, which is not enabled", "add ispyb to plugins.enabled"),
        ("requires", "needs zzz, which is not enabled", "add zzz to plugins.enabled"),
    ]


def test_a_circle(bench: Bench) -> None:
    bench.plugin("a", "requires = ('b',)").plugin("b", "after = ('c',)").plugin("c", "requires = ('a',)")
    ((_, stage, cause),) = bench.causes()
    assert stage == "requires"
    names = cause.removeprefix("circle: ").split(" → ")
    assert len(names) == 4
    assert names[0] == names[-1]
    assert {*names} == {"a", "b", "c"}


def test_the_order_of_hooks(bench: Bench) -> None:
    """Requirements first, then those to come before; names decide the rest, not the configuration."""
    bench.plugin("a", "requires = ('c',)").plugin("b", "after = ('a', 'missing')").plugin("c")
    orders = [list(bench.start(*names).plugins.enabled) for names in (("a", "b", "c"), ("c", "b", "a"))]
    assert orders == [["c", "a", "b"]] * 2


# hooks


@pytest.mark.parametrize(
    ("body", "cause", "remedy"),
    [
        (
            "@hookimpl\ndef register_routes(self, context, ctx): return []",
            "register_routes takes context, which it is not given",
            "write register_routes(self, ctx)",
        ),
        (
            "@hookimpl\ndef register_rotues(self, ctx): return []",
            "there is no hook register_rotues",
            "did you mean register_routes?",
        ),
        (
            "@hookimpl\ndef shine(self): return []",
            "there is no hook shine",
            "remove it, or enable the plugin that defines it",
        ),
        (
            "@hookimpl\nasync def register_checks(self, ctx): return []",
            "register_checks is asynchronous",
            "write it with def: what it returns may be asynchronous",
        ),
        (
            "def register_models(self): return []",
            "register_models lacks its mark",
            "write @hookimpl above it, or give it another name",
        ),
        (
            "@property\ndef register_models(self): return []",
            "register_models is a property",
            "write it as a method with @hookimpl above",
        ),
        (
            "@hookimpl(wrapper=True)\ndef register_models(self): return (yield)",
            "register_models is a wrapper",
            "leave that out of its mark: hooks return what they register",
        ),
        (
            "@hookimpl\ndef register_checks(self, ctx=None): return []",
            "register_checks has a default for ctx, so that it is not given it",
            "write register_checks(self, ctx)",
        ),
    ],
)
def test_hooks_that_are_not_as_described(bench: Bench, body: str, cause: str, remedy: str) -> None:
    (fault,) = bench.plugin("odd", body).faults()
    assert fault == Fault("odd", str(bench.manifest), "hooks", cause, remedy)


MODELS = "type[DeclarativeBase]"
NAME = "Annotated[str, Meta(min_length=1)]"
RESULTS = [
    ("models(self)", "['x']", f"got 'x' (str), wanted {MODELS}"),
    ("models(self)", "None", f"got None, wanted Iterable[{MODELS}]"),
    ("models(self)", "{int}", f"got the class int, wanted {MODELS}"),
    ("migrations(self)", "['/tmp']", "got '/tmp' (str), wanted Path"),
    ("indexes(self)", "[('Person', 'login')]", "got ('Person', 'login') (tuple), wanted Index"),
    ("indexes(self)", "[Index('A', ('b'), '')]", "Index.columns: got 'b' (str), wanted tuple[str, ...]"),
    ("permissions(self)", "[Permission(5, '')]", f"Permission.name: got 5 (int), wanted {NAME}"),
    ("permissions(self)", "[Permission('', '')]", f"Permission.name: got '' (str), wanted {NAME}"),
    ("permissions(self)", "'lamp'", "got 'lamp' (str), wanted Iterable[Permission]"),
    ("options(self)", "(None for _ in range(2))", "got None, wanted Option"),
    ("auth_backends(self, ctx)", "[Backend]", "got the class Backend, wanted AuthBackend"),
    ("visibility(self, ctx)", "[lambda: True]", "wanted Allow | Restrict | Narrow | Reason | Named"),
    ("lifespan(self, ctx)", "[lambda app: app]", "wanted Callable[[], AbstractAsyncContextManager[None]]"),
    ("lifespan(self, ctx)", "[nullcontext()]", "wanted Callable[[], AbstractAsyncContextManager[None]]"),
    ("lifespan(self, ctx)", "[nothing]", "wanted Callable[[], AbstractAsyncContextManager[None]]"),
    ("lifespan(self, ctx)", "[object]", "wanted Callable[[], AbstractAsyncContextManager[None]]"),
    ("checks(self, ctx)", "[Check('a', nothing)]", "wanted Callable[[], Awaitable[str | None]]"),
    ("checks(self, ctx)", "[Check('a', lambda: 5)]", "wanted Callable[[], Awaitable[str | None]]"),
    ("checks(self, ctx)", "[Check('a', dict)]", "wanted Callable[[], Awaitable[str | None]]"),
    (
        "checks(self, ctx)",
        "[Check('', ticks)]",
        "Check.name: got '' (str), wanted Annotated[str, Meta(min_length=1)]",
    ),
    (
        "options(self)",
        "[Option('a b', int, 5, '', '')]",
        "no name for an option: letters, digits and _",
    ),
    ("models(self)", "Wordless().fail()", "Wordless"),
    ("lifespan(self, ctx)", "[7]", "got 7 (int), wanted Callable[[], AbstractAsyncContextManager[None]]"),
    (
        "checks(self, ctx)",
        "[Check('a', 1)]",
        "Check.run: got 1 (int), wanted Callable[[], Awaitable[str | None]]",
    ),
    ("checks(self, ctx)", "Backend('a').authenticate(1)", "(coroutine), wanted Iterable[Check]"),
    ("demo_data(self, ctx)", "[Backend('a').authenticate]", "wanted DemoData"),
]


@pytest.mark.parametrize(("hook", "result", "cause"), RESULTS)
def test_what_hooks_return_is_checked(bench: Bench, hook: str, result: str, cause: str) -> None:
    bench.plugin("odd", f"backend_name = 'odd'\n@hookimpl\ndef register_{hook}: return {result}")
    (fault,) = bench.faults_of_all_hooks()
    said = re.sub(r" \(/\S+:\d+\)$", "", fault.cause)
    assert (fault.plugin, fault.stage) == ("odd", "hooks")
    assert said.startswith(f"register_{hook.split('(')[0]}: ")
    assert said.endswith(cause)


@pytest.mark.parametrize("run", ["ticks", "partial(told, 'a')", "handed", "partial(handed)"])
def test_what_gives_something_to_wait_for_is_a_check(bench: Bench, run: str) -> None:
    bench.plugin("fine", f"@hookimpl\ndef register_checks(self, ctx): return [Check('a', {run})]")
    assert bench.faults_of_all_hooks() == []


REFUSES = """
def __getattribute__(self, key):
    if key == {key}:
        raise RuntimeError('not now')
    return super().__getattribute__(key)
@hookimpl
def register_models(self): return []
"""


@pytest.mark.parametrize("key", ["key", "'register_models'"])
def test_a_plugin_that_is_not_to_be_looked_at(bench: Bench, key: str) -> None:
    bench.plugin("shy", REFUSES.replace("{key}", key))
    (fault,) = bench.faults_of_all_hooks()
    assert (fault.plugin, fault.stage) == ("shy", "hooks")
    assert fault.cause.startswith("RuntimeError: not now (")


@pytest.mark.parametrize("entry", [":P", "made:P:Q", "made:", "", " "])
def test_an_entry_point_that_names_no_class(bench: Bench, entry: str) -> None:
    bench.manifest.write_text(f'[plugins]\nodd = "{entry}"')
    (fault,) = bench.faults("odd", **{"plugins.files": [str(bench.manifest)]})
    assert (fault.plugin, fault.stage) == ("odd", "import")
    assert "Traceback" not in fault.cause


def test_errors_that_are_no_statuses(bench: Bench) -> None:
    bench.plugin(
        "odd", claims("odd").replace("access=authenticated", "access=authenticated, errors={'a': 5}")
    )
    assert "errors is no dict of statuses and sentences" in bench.faults()[0].cause


def test_what_a_class_holds_is_checked(bench: Bench) -> None:
    bench.plugin("needy", "requires = 'ispyb'").plugin("numbered", "title = 5")
    assert bench.causes() == [
        ("needy", "import", "P.requires: got 'ispyb' (str), wanted tuple[str, ...]"),
        ("numbered", "import", "P.title: got 5 (int), wanted str"),
    ]


def test_declarations_that_contradict_themselves(bench: Bench) -> None:
    bench.plugin("ruler", "@hookimpl\ndef register_visibility(self, ctx): return [Restrict(int, print)]")
    bench.plugin("chooser", "@hookimpl\ndef register_options(self): return [Option('a', int, 'b', '', '')]")
    bench.plugin("mover", "@hookimpl\ndef register_migrations(self): return [Path('/nowhere')]")
    causes = {plugin: cause.split(" (/")[0] for plugin, _, cause in bench.causes()}
    rule = "register_visibility: TypeError: a rule is for a mapped class, not for <class 'int'>"
    option = "the default of the option a does not fit its type: Expected `int`, got `str`"
    assert causes == {
        "ruler": rule,
        "chooser": f"register_options: TypeError: {option}",
        "mover": "register_migrations: no folder /nowhere",
    }


TAKEN_AWAY = {
    "page": "page: Annotated[int | None, query('Which page')] = None",
    "clock": "clock: FromQuery[str] = ''",
    "reader": "reader: str | None = None",
    "headers": "headers: Annotated[str | None, query('Headers of a lamp')] = None",
    "who": "who: Annotated[Literal['me', 'all'], query('Whose')] = 'me'",
    "lamp": "lamp: Annotated[int, query('A lamp')]",
    "options": "filters: NamedDependency[OddFilters]",
}


@pytest.mark.filterwarnings("ignore:.*will stop working in Litestar")
@pytest.mark.parametrize("name", TAKEN_AWAY)
def test_a_parameter_that_no_request_can_set_stops_the_start(bench: Bench, name: str) -> None:
    """Litestar gives handlers a dependency of that name, and the parameter is gone without a word."""
    body = f"""
@hookimpl
def register_routes(self, ctx):
    more = {{**asked(OddFilters), "lamp": Provide(lambda: 5, sync_to_thread=False)}}
    @get("/lamps", access=authenticated, dependencies=more)
    async def lamps({TAKEN_AWAY[name]}) -> None: ...
    return [lamps]
"""
    head = """
from typing import Annotated, Literal
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from msgspec import Struct
from starbeam.api.http import asked
from starbeam.api.lists import query

class OddFilters(Struct, frozen=True):
    options: Annotated[str | None, query("Options of a lamp")] = None
"""
    bench.plugin("good", claims("good")).plugin("odd", source=head + filled("odd", body))
    (fault,) = bench.faults()
    assert (fault.plugin, fault.stage) == ("odd", "hooks")
    path = "/ispyb/api/v1/lamps"
    assert fault.cause == f"lamps ({path}): no request can set a parameter called {name}"
    assert f"{name}: NamedDependency" in fault.remedy


def test_handlers_that_litestar_refuses_name_their_plugin(bench: Bench) -> None:
    routes = "@hookimpl\ndef register_routes(self, ctx):\n    @get('/x', access=authenticated)\n"
    bench.plugin("bare", routes + "    async def bare(): return 5\n    return [bare]")
    bench.plugin("good", claims("good"))
    (fault,) = bench.faults()
    assert (fault.plugin, fault.stage) == ("bare", "hooks")
    assert fault.cause.startswith("register_routes: ImproperlyConfiguredException")
    assert "bare" in fault.cause


def test_versions_that_do_not_fit(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    package = bench.folder / "starbeam_later-2.dist-info"
    package.mkdir()
    (package / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: starbeam-later\nVersion: 2\n"
        "Requires-Dist: starbeam-core>=0.5\nRequires-Dist: no-such-thing\nRequires-Dist: litestar>=2\n"
        "Requires-Dist: other; python_version < '3'\nRequires-Dist: more; extra == 'more'\n"
    )
    (package / "entry_points.txt").write_text("[starbeam.plugins]\nlater = nowhere:P\n")
    monkeypatch.syspath_prepend(bench.folder)
    core = f"requires starbeam-core>=0.5, and {version('starbeam-core')} is installed"
    remedy = "install versions that fit each other"
    assert bench.faults("later") == [
        Fault("later", "starbeam-later 2", "discover", cause, remedy)
        for cause in (core, "requires no-such-thing, which is not installed")
    ]


def test_a_hook_of_another_plugin(bench: Bench) -> None:
    bench.plugin(
        "host",
        "class hookspecs:\n    @hookspec\n    def register_extras(self, ctx): ...\n",
    )
    hook = "@hookimpl(optionalhook=True)\ndef register_extras(self, ctx): return [ctx.plugin]"
    bench.plugin("guest", f"after = ('host',)\n{hook}")
    app = bench.start()
    extras = app.plugins.call("register_extras", ctx=app.context)
    assert list(extras) == [("guest", ["guest"])]
    assert list(bench.start("guest").plugins.enabled) == ["guest"]


def test_hooks_that_raise(bench: Bench) -> None:
    hooks = (
        "register_models(self)",
        "register_options(self)",
        "register_permissions(self)",
        "register_routes(self, ctx)",
        "register_auth_backends(self, ctx)",
        "register_visibility(self, ctx)",
        "register_lifespan(self, ctx)",
        "register_checks(self, ctx)",
    )
    body = "\n".join(f"@hookimpl\ndef {hook}: raise KeyError('{hook}')" for hook in hooks)
    bench.plugin("clumsy", "backend_name = 'clumsy'\n" + body)
    causes = {cause.split(":")[0]: (stage, cause) for _, stage, cause in bench.causes()}
    for hook in hooks:
        name = hook.split("(")[0]
        stage, cause = causes[name]
        assert stage == "hooks"
        assert re.fullmatch(rf"{name}: KeyError: '{re.escape(hook)}' \({bench.folder}/\w+\.py:\d+\)", cause)


def test_handlers_without_access_or_with_an_unknown_permission(bench: Bench) -> None:
    bench.plugin(
        "open",
        "@hookimpl\ndef register_routes(self, ctx):\n"
        "    return [handler(get, '/a', 'a'), handler(get, '/b', 'b', access=needs('nobodys')),\n"
        "            handler(get, '/c', 'c', access='public')]",
    )
    found = bench.causes()
    assert [stage for _, stage, _ in found] == ["hooks"] * 3
    said = "\n".join(cause for _, _, cause in found)
    assert "a (/a) declares no access" in said
    assert "b needs the permission nobodys, which no plugin declares" in said
    assert "c (/c) declares no access" in said


# collisions

CLAIMS = """
backend_name = "{name}"
@hookimpl
def register_models(self):
    class Base(IspybTable, DeclarativeBase):
        pass
    class {table}(Base):
        key: Mapped[int] = mapped_column(primary_key=True)
    return [{table}]
@hookimpl
def register_options(self):
    return [Option("{option}", bool, False, "", "")]
@hookimpl
def register_permissions(self):
    return [Permission("{permission}", "")]
@hookimpl
def register_auth_backends(self, ctx):
    return [Backend("{backend}")]
@hookimpl
def register_routes(self, ctx):
    return [handler(get, "{path}", "{operation}", access=authenticated)]
"""


def claims(name: str, **changed: str) -> str:
    usual = {what: f"{name}_{what}" for what in ("table", "option", "permission", "backend", "operation")}
    body = CLAIMS
    for what, value in {"name": name, "path": f"/{name}", **usual, **changed}.items():
        body = body.replace("{" + what + "}", value)
    return body


def test_two_owners_of_one_thing(bench: Bench) -> None:
    shared = {
        "table": "Widget",
        "option": "shared_option",
        "permission": "shared",
        "backend": "shared",
        "operation": "shared",
    }
    bench.plugin("first", claims("first", **shared)).plugin("second", claims("second", **shared))
    where = f"is claimed by first ({bench.manifest}) too"
    assert bench.causes() == [
        ("second", "collisions", f"table Widget {where}"),
        ("second", "collisions", f"option shared_option {where}"),
        ("second", "collisions", f"permission shared {where}"),
        ("second", "collisions", f"log-in backend shared {where}"),
        ("second", "collisions", f"operation id shared {where}"),
    ]


@pytest.mark.parametrize(
    ("path", "other"),
    [("/x", "/x"), ("/x/{a:int}", "/x/{b:int}"), ("/x/{a:int}", "/x/{a:str}"), ("/x/", "/x")],
)
def test_two_owners_of_one_path(bench: Bench, path: str, other: str) -> None:
    bench.plugin("first", claims("first", path=path)).plugin("second", claims("second", path=other))
    ((plugin, stage, cause),) = bench.causes()
    assert (plugin, stage) == ("second", "collisions")
    assert cause.startswith("path GET /x")
    assert cause.endswith(f"is claimed by first ({bench.manifest}) too")


def test_what_core_owns_is_taken(bench: Bench) -> None:
    """Names are compared without case, as the database does."""
    bench.plugin(
        "greedy",
        claims("greedy", table="PERSON", option="MOTD", permission="all_proposals", path="/auth/login")
        .replace("handler(get", "handler(post")
        .replace("greedy_operation", "current_user"),
    )
    assert bench.causes() == [
        ("greedy", "collisions", "table PERSON is claimed by core too"),
        ("greedy", "collisions", "option MOTD is claimed by core too"),
        ("greedy", "collisions", "permission all_proposals is claimed by core too"),
        ("greedy", "collisions", "path POST /auth/login is claimed by core too"),
        ("greedy", "collisions", "operation id current_user is claimed by core too"),
    ]


@pytest.mark.parametrize(("path", "other"), [("/x", "/x/"), ("/x/{a:int}", "/x/{b:str}")])
def test_one_path_twice_in_one_plugin(bench: Bench, path: str, other: str) -> None:
    """Litestar would serve one of the two in silence, or fail without naming the plugin."""
    one = f"handler(get, '{path}', 'one', access=authenticated)"
    two = f"handler(get, '{other}', 'two', access=authenticated)"
    bench.plugin("twice", f"@hookimpl\ndef register_routes(self, ctx):\n    return [{one}, {two}]")
    ((plugin, stage, cause),) = bench.causes()
    assert (plugin, stage) == ("twice", "collisions")
    assert cause.startswith("path GET /x")
    assert cause.endswith("is claimed twice")


def test_an_alias_of_nothing_and_one_in_the_way(bench: Bench) -> None:
    one = "handler(get, '/b/user/current', 'one', access=authenticated)"
    user = "'GET /user/current'"
    aliases = f"Alias('GET /nowhere', '/a'), Alias({user}, '/b'), Alias({user}, '/c')"
    bench.plugin(
        "second",
        f"@hookimpl\ndef register_routes(self, ctx):\n    return [{one}]\n"
        "@hookimpl\ndef register_aliases(self, ctx):\n    from starbeam.api.http import Alias\n"
        f"    return [{aliases}]",
    )
    assert bench.causes() == [
        ("second", "hooks", "register_aliases: there is no operation GET /nowhere"),
        ("second", "collisions", "path GET /b/user/current is claimed twice"),
    ]


def test_one_option_twice_in_one_plugin(bench: Bench) -> None:
    option = "Option('sky', bool, True, '', '')"
    bench.plugin("twice", f"@hookimpl\ndef register_options(self): return [{option}, {option}]")
    assert bench.causes() == [("twice", "collisions", "option sky is claimed twice")]


def test_different_methods_share_a_path(bench: Bench) -> None:
    bench.plugin("first", claims("first", path="/x"))
    bench.plugin("second", claims("second", path="/x").replace("handler(get", "handler(post"))
    app = bench.start()
    (route,) = [route for route in app.asgi.routes if route.path.endswith("/x")]
    assert route.methods >= {"GET", "POST"}


# all at once


def test_the_start_stops_with_every_cause(bench: Bench) -> None:
    bench.plugin("broken", source="import not_there_at_all")
    bench.plugin("needy", "requires = ('zzz',)")
    bench.plugin("open", "@hookimpl\ndef register_routes(self, ctx): return [handler(get, '/a', 'a')]")
    bench.plugin("clumsy", "@hookimpl\ndef register_options(self): return [Option('motd', str, '', '', '')]")
    with pytest.raises(StartupError) as raised:
        bench.start("missing", *bench.modules, **{"auth.secret_key": "", "plugin.qqqqqq.a": 1})
    found = {(fault.plugin, fault.stage) for fault in raised.value.faults}
    assert found == {
        ("missing", "discover"),
        ("broken", "import"),
        ("qqqqqq", "settings"),
        ("", "settings"),
        ("needy", "requires"),
        ("open", "hooks"),
        ("clumsy", "collisions"),
    }
    assert all(fault.cause and fault.remedy for fault in raised.value.faults)
    assert "broken: import: ModuleNotFoundError: No module named 'not_there_at_all'" in str(raised.value)
