"""From the configuration to plugins: discover, import, settings, requires.

Every stage runs for every plugin; what fails is collected as a `Fault` and nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, get_args

import pluggy
from msgspec.structs import fields

from starbeam import hooks, hookspecs
from starbeam.discovery import Found, bundled, discover, package_of
from starbeam.faults import Fault, StartupError, did_you_mean, from_settings
from starbeam.lifespan import Lifespan
from starbeam.plugin import PROJECT, Plugin
from starbeam.settings import SettingsError

if TYPE_CHECKING:
    from starbeam.settings import Loaded


CORRECT = "correct the plugin, or disable it"
"""What to do about most of its mistakes."""


class HookFailed(Exception):
    """A hook that is called while the server runs failed; the text names plugin and hook."""


class NoPlugin(Exception):
    """What is named as a plugin is none, by these causes."""

    def __init__(self, causes: list[str], remedy: str) -> None:
        super().__init__("; ".join(causes))
        self.causes = causes
        self.remedy = remedy


@dataclass
class Plugins:
    """The enabled plugins of one app, in the order in which their hooks run."""

    manager: pluggy.PluginManager
    found: Mapping[str, Found]
    wanted: list[str]
    """The names that the configuration enables, and those of all files of `plugins.dir`."""
    enabled: dict[str, Plugin[Any]] = field(default_factory=dict)
    backends: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By plugin: its log-in backends' names and settings."""
    faults: list[Fault] = field(default_factory=list)

    def distribution(self, name: str) -> str:
        """Package and version of a plugin."""
        return self.found[name].distribution if name in self.found else ""

    def fault(self, plugin: str, stage: str, cause: str, remedy: str) -> None:
        """Note something that stops the start."""
        self.faults.append(Fault(plugin, self.distribution(plugin), stage, cause, remedy))

    def call(self, hook: str, **available: Any) -> Iterator[tuple[str, list[Any]]]:
        """Each plugin's result of one hook, with its name. A hook that raises, or gives something else than
        it should, is a fault of that plugin.

        `available` are the hook's arguments; a callable named `ctx` is asked with the plugin's name.
        """
        for name, ask in self._asking(hook, available):
            try:
                result = ask()
            except SettingsError as error:
                self.faults += from_settings(error, name, self.distribution(name))
            except hooks.WrongResult as error:
                self.fault(name, "hooks", f"{hook}: {error}", CORRECT)
            except hooks.mistakes() as error:  # any plugin's any mistake becomes a line of the table
                self.fault(name, "hooks", f"{hook}: {self.said(name, error)}", CORRECT)
            else:
                yield name, result

    def run(self, hook: str, **available: Any) -> None:
        """Call a hook of each plugin while the server runs. Raises `HookFailed` for the first that fails."""
        for name, ask in self._asking(hook, available):
            try:
                ask()
            except (Exception, SystemExit) as error:
                raise HookFailed(f"plugin {name}: {hook}: {self.said(name, error)}") from error

    @asynccontextmanager
    async def running(self, plugin: str, lifespan: Lifespan) -> AsyncIterator[None]:
        """What a plugin does beside the requests. Raises `StartupError` where it fails to begin; the log says
        where it fails to end."""
        try:
            beside = lifespan()
            hooks.expect(beside, get_args(Lifespan)[1], lifespan)
            await beside.__aenter__()
        except (Exception, SystemExit) as error:
            cause = str(error) if isinstance(error, hooks.WrongResult) else self.said(plugin, error)
            self.fault(plugin, "hooks", f"register_lifespan: {cause}", CORRECT)
            raise StartupError(self.faults) from error
        try:
            yield
        finally:
            try:
                await beside.__aexit__(None, None, None)
            except (Exception, SystemExit) as error:
                import structlog  # only now: commands that tell of plugins write no log

                log = structlog.get_logger("starbeam.plugins")
                log.error("plugin failed to end", plugin=plugin, error=self.said(plugin, error))

    def _asking(
        self, hook: str, available: Mapping[str, Any]
    ) -> Iterator[tuple[str, Callable[[], list[Any]]]]:
        """Each plugin that implements a hook, and what calls it."""
        described = hooks.known(self.manager)[hook]
        by_plugin = {one.plugin_name: one for one in getattr(self.manager.hook, hook).get_hookimpls()}
        for name in self.enabled:
            if (one := by_plugin.get(name)) is not None:
                given = {word: available[word] for word in one.argnames}
                if "ctx" in given:
                    given["ctx"] = given["ctx"](name)
                yield name, partial(_asked, described, one.function, given)

    def said(self, plugin: str, error: BaseException) -> str:
        """An error of a plugin in one line, with the place in its code."""
        return hooks.said(error, self.found[plugin].module)


def _asked(described: Callable[..., Any], implementation: Callable[..., Any], given: Any) -> list[Any]:
    return hooks.checked(described, implementation(**given))


def load(loaded: Loaded) -> Plugins:
    """Find, import, configure and order the enabled plugins. Look at `faults` afterwards."""
    named = loaded.settings.plugins
    found, faults = discover(named.files, named.dir)
    in_folder = (name for name, one in found.items() if one.file is not None)
    wanted = list(dict.fromkeys([*named.enabled, *in_folder]))
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    plugins = Plugins(manager, found, wanted, faults=faults)
    classes = {name: cls for name in wanted if (cls := _import(name, plugins)) is not None}
    _check_sections(loaded, plugins)
    settings = {
        name: read for name, cls in classes.items() if (read := _settings(name, cls, loaded, plugins))
    }
    for name in _ordered(classes, plugins):
        if name in settings:
            _construct(name, classes[name], settings[name], plugins)
    _register(plugins)
    return plugins


def _import(name: str, plugins: Plugins) -> type[Plugin[Any]] | None:
    if name not in plugins.found:
        plugins.fault(name, "discover", "is not installed", _install_remedy(name, plugins.found))
        return None
    if unmet := list(plugins.found[name].unmet()):
        for cause in unmet:
            plugins.fault(name, "discover", cause, "install versions that fit each other")
        return None
    try:
        return class_of(plugins.found[name])
    except NoPlugin as error:
        for cause in error.causes:
            plugins.fault(name, "import", cause, error.remedy)
        return None


def class_of(found: Found) -> type[Plugin[Any]]:
    """Import the class of a plugin. Raises `NoPlugin`."""
    try:
        cls = found.load()
    except hooks.mistakes() as error:  # an import can fail in any way
        remedy = "repair or reinstall its package, or disable the plugin"
        raise NoPlugin([hooks.said(error, found.module)], remedy) from error
    wrong = [f"is no subclass of starbeam.api.Plugin with name = {found.name!r}"]
    if isinstance(cls, type) and issubclass(cls, Plugin) and getattr(cls, "name", None) == found.name:
        wrong = list(hooks.wrong_attributes(cls, Plugin))
    if wrong:
        raise NoPlugin(wrong, "correct the plugin")
    plugin: type[Plugin[Any]] = cls
    return plugin


def _install_remedy(name: str, found: Mapping[str, Found]) -> str:
    if name in bundled():
        return f"pip install {package_of(name)}, or leave it out of plugins.enabled"
    return did_you_mean(name, [*found, *bundled()], "install its package, or leave it out of plugins.enabled")


def _check_sections(loaded: Loaded, plugins: Plugins) -> None:
    """Sections of plugins that nobody knows are typing errors."""
    known = {*plugins.found, *bundled()}
    for name in loaded.settings.plugin:
        if name not in known:
            cause = f"{loaded.origin('plugin.' + name)}: there is no such plugin"
            otherwise = "leave the section out, or install the plugin"
            plugins.fault(name, "settings", cause, did_you_mean(name, known, otherwise, "[plugin.{}]"))
    for name, section in loaded.settings.auth.backends.items():
        if (use := section["use"]) not in plugins.wanted:
            key = f"auth.backends.{name}.use"
            cause = f"{loaded.origin(key)}: {key}: the plugin {use} is not enabled"
            plugins.fault(use, "settings", cause, "add it to plugins.enabled, or leave the backend out")


def _ordered(classes: Mapping[str, type[Plugin[Any]]], plugins: Plugins) -> list[str]:
    """The plugins whose requirements are met, those that others need first."""
    graph: dict[str, set[str]] = {}
    for name, cls in classes.items():
        lacking = [other for other in cls.requires if other not in plugins.wanted]
        for other in lacking:
            plugins.fault(
                name, "requires", f"needs {other}, which is not enabled", f"add {other} to plugins.enabled"
            )
        if not lacking:
            graph[name] = {other for other in (*cls.requires, *cls.after) if other in classes}
    try:
        order = TopologicalSorter({name: sorted(graph[name]) for name in sorted(graph)}).static_order()
        return [name for name in order if name in graph]
    except CycleError as error:
        circle = error.args[1]
        plugins.fault(circle[0], "requires", f"circle: {' → '.join(circle)}", "break the circle")
        return []


def _settings(name: str, cls: type[Plugin[Any]], loaded: Loaded, plugins: Plugins) -> list[Any]:
    """The plugin's settings, or those of the first of its log-in backends (None without one), in a list; an
    empty list when they do not hold."""
    try:
        if cls.backend_name is None:
            return [loaded.plugin_settings(name, cls.Settings)]
        plugins.backends[name] = _backends(name, cls, loaded)
        return [next(iter(plugins.backends[name].values()), None)]
    except SettingsError as error:
        plugins.faults += from_settings(error, name, plugins.distribution(name))
        return []


def _construct(name: str, cls: type[Plugin[Any]], settings: list[Any], plugins: Plugins) -> None:
    try:
        plugins.enabled[name] = cls(*settings)
    except hooks.mistakes() as error:  # a constructor can fail in any way
        plugins.fault(
            name, "settings", plugins.said(name, error), "correct its settings, or disable the plugin"
        )


def _backends(name: str, cls: type[Plugin[Any]], loaded: Loaded) -> dict[str, Any]:
    """The backends that use a plugin; without any, one of the plugin's default name.

    A plugin whose settings have no defaults, and that no section mentions, has none.
    """
    if named := {key: loaded.backend_settings(key, cls.Settings) for key in loaded.backends(name)}:
        return named
    if name not in loaded.settings.plugin and any(field.required for field in fields(cls.Settings)):
        return {}
    return {str(cls.backend_name): loaded.plugin_settings(name, cls.Settings)}


def _register(plugins: Plugins) -> None:
    """Hand the plugins to pluggy, once their hooks are what core and the other plugins describe."""
    for name, plugin in plugins.enabled.items():
        if (own := type(plugin).hookspecs) is not None:
            _describe(name, own, plugins)
    described = hooks.known(plugins.manager)
    for name, plugin in list(plugins.enabled.items()):
        wrong = _register_one(name, plugin, described, plugins)
        for cause, remedy in wrong:
            plugins.fault(name, "hooks", cause, remedy)
        if wrong:
            del plugins.enabled[name]


def _register_one(
    name: str, plugin: Plugin[Any], described: Mapping[str, Callable[..., Any]], plugins: Plugins
) -> list[tuple[str, str]]:
    """Hand a plugin to pluggy, unless something is wrong with its hooks: cause and remedy of each."""
    try:
        wrong = list(hooks.misuse(plugin, described))
        if not wrong:
            plugins.manager.register(plugin, name)
    except hooks.mistakes() as error:  # looking at its attributes can fail in any way
        return [(plugins.said(name, error), CORRECT)]
    return wrong


def _describe(name: str, hookspecs: Any, plugins: Plugins) -> None:
    """Take a plugin's own hooks into the list of those that there are."""
    try:
        plugins.manager.add_hookspecs(hookspecs)
    except ValueError as error:  # it has none, or one that there is already
        plugins.fault(name, "hooks", f"hookspecs: {hooks.said(error)}", CORRECT)
