"""From the configuration to plugins: every stage finds every mistake, and a start stops with all of them."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from starbeam import discovery
from starbeam.app import Starbeam
from starbeam.faults import Fault, StartupError
from starbeam.settings import load
from starbeam.testing.fixtures import SECRET
from support.probe import FILES

Cause = tuple[str, str, str]
"""Plugin, stage and cause."""

MODULE = """
from litestar import get, post
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starbeam import NoSettings, Plugin, authenticated, hookimpl, hookspec, needs
from starbeam.auth.backends import AuthBackend
from starbeam.checks import Check
from starbeam.db.models import IspybTable
from starbeam.options import Option
from starbeam.permissions import Permission

def handler(method, path, name, **opt):
    async def answer() -> None: ...
    answer.__name__ = name
    return method(path, name=None, **opt)(answer)

class Backend(AuthBackend):
    async def authenticate(self, credentials):
        return None

class P(Plugin[NoSettings]):
    name = "{name}"
    title = "A plugin of a test"
{body}
"""


class Bench:
    """Plugins in a folder, named by a manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = folder / "local.toml"
        self.modules: dict[str, str] = {}

    def plugin(self, name: str, body: str = "", source: str | None = None) -> Bench:
        """Add a plugin with this class body, or with a module of its own."""
        module = self.modules[name] = f"made_{uuid.uuid4().hex}"
        indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
        text = MODULE.replace("{name}", name).replace("{body}", indented) if source is None else source
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
    assert found[0].cause == "plugins.files: No such file or directory"
    assert found[1].cause.startswith("plugins.files: ")
    assert found[2].cause.startswith("plugins.files: Object contains unknown field `plugin`")


def test_two_plugins_of_one_name(bench: Bench) -> None:
    bench.plugin("proposals")
    found = bench.faults("ispyb", "proposals")
    cause = "starbeam-proposals 0.1.0 has a plugin of this name too"
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
    bench.plugin("empty", source="")
    bench.plugin("classless", source="P = 5")
    bench.plugin("stranger", source="class P: name = 'stranger'")
    bench.plugin("renamed", source=MODULE.replace("{name}", "other").replace("{body}", ""))
    found = bench.causes()
    assert [(plugin, stage) for plugin, stage, _ in found] == [(name, "import") for name in bench.modules]
    causes = {plugin: cause for plugin, _, cause in found}
    assert causes["lacking"] == "ModuleNotFoundError: No module named 'not_there_at_all'"
    assert causes["broken"].startswith("SyntaxError: invalid syntax")
    assert causes["raising"] == "RuntimeError: line one"
    assert causes["empty"].startswith("AttributeError: module")
    for name in ("classless", "stranger", "renamed"):
        assert causes[name] == f"is no subclass of starbeam.Plugin with name = {name!r}"


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
    told = {(fault.plugin, fault.cause.split(": ", 1)[-1]): fault.remedy for fault in found}
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


def test_hooks_that_core_does_not_know(bench: Bench) -> None:
    bench.plugin("argument", "@hookimpl\ndef register_routes(self, context): return []")
    bench.plugin("unknown", "@hookimpl\ndef register_rotues(self, ctx): return []")
    (first, second) = bench.causes()
    assert first[:2] == ("argument", "hooks")
    assert "register_routes" in first[2]
    assert second[:2] == ("unknown", "hooks")
    assert "unknown hook 'register_rotues'" in second[2]


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
        assert causes[name] == ("hooks", f"{name}: KeyError: '{hook}'")


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
        ("second", "collisions", f"operation id shared {where}"),
        ("second", "collisions", f"log-in backend shared {where}"),
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
