"""What plugins' hooks are and give, compared with how the hooks are written down.

The annotations are the rule: those of a hook say what each implementation returns, those of `Plugin` what its
class holds, and those of a declaration (`Permission`, `Check` …) what its fields hold.
"""

from __future__ import annotations

import ast
import inspect
import re
import reprlib
import sys
import traceback
import types
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import is_dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union, get_args, get_origin

import msgspec

from starbeam.faults import did_you_mean
from starbeam.plugin import PROJECT, Plugin

if TYPE_CHECKING:
    import pluggy


def mistakes() -> tuple[type[BaseException], ...]:
    """What a plugin's code may raise while an app is built: all but what a signal raises."""
    from asyncio import CancelledError  # only now, when something was raised: commands need no asyncio

    return Exception, SystemExit, GeneratorExit, CancelledError


class WrongResult(Exception):
    """A hook gave something else than its description says."""


def known(manager: pluggy.PluginManager) -> dict[str, Callable[..., Any]]:
    """The hooks that core and the enabled plugins describe, by name."""
    callers = vars(manager.hook)
    return {name: caller.spec.function for name, caller in callers.items() if getattr(caller, "spec", None)}


def misuse(plugin: Plugin[Any], described: Mapping[str, Callable[..., Any]]) -> Iterator[tuple[str, str]]:
    """What is wrong with the hooks that a plugin implements: cause and remedy of each."""
    for name, method in inspect.getmembers_static(type(plugin)):
        if isinstance(method, property) and name in described:
            yield f"{name} is a property", "write it as a method with @hookimpl above"
    for name, method in inspect.getmembers(type(plugin), inspect.isroutine):
        mark = getattr(method, f"{PROJECT}_impl", None)
        hook = (mark and mark["specname"]) or name
        if mark is None and hook in described:
            yield f"{name} lacks its mark", "write @hookimpl above it, or give it another name"
        elif mark and (mark["wrapper"] or mark["hookwrapper"]):
            yield f"{name} is a wrapper", "leave that out of its mark: hooks return what they register"
        elif mark and hook in described:
            yield from _unlike(name, getattr(plugin, name), described[hook])
        elif mark and not mark["optionalhook"]:
            otherwise = "remove it, or enable the plugin that defines it"
            yield f"there is no hook {hook}", did_you_mean(hook, described, otherwise)


def _unlike(name: str, method: Any, hook: Any) -> Iterator[tuple[str, str]]:
    """How an implementation differs from a hook's description. It may leave arguments out."""
    given = [argument for argument in inspect.signature(hook).parameters if argument != "self"]
    taken = inspect.signature(method).parameters
    remedy = f"write {name}({', '.join(['self', *given])})"
    if foreign := [argument for argument in taken if argument not in given]:
        yield f"{name} takes {', '.join(foreign)}, which it is not given", remedy
    if unasked := [one.name for one in taken.values() if one.name in given and one.default is not one.empty]:
        yield f"{name} has a default for {', '.join(unasked)}, so that it is not given it", remedy
    if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
        yield f"{name} is asynchronous", "write it with def: what it returns may be asynchronous"


def checked(hook: Callable[..., Any], result: Any) -> list[Any]:
    """What an implementation returned, as a list. Raises `WrongResult`."""
    wanted = _returns(hook)
    if wanted is None and result is None:
        return []
    if wanted is None or isinstance(result, str) or not hasattr(result, "__iter__"):
        if inspect.iscoroutine(result):
            result.close()
        raise WrongResult(_got(result, wanted))
    item = (*get_args(wanted), Any)[0]
    found = list(result)
    for one in found:
        if not fits(one, item):
            raise WrongResult(_got(one, item))
        if wrong := next(wrong_fields(one), None):
            raise WrongResult(wrong)
    return found


def expect(value: Any, wanted: Any, source: Any) -> None:
    """Raises `WrongResult` where a value that a callable of a plugin gave is something else than wanted."""
    if fits(value, wanted):
        return
    if inspect.iscoroutine(value):
        value.close()
    place = _written(source)
    raise WrongResult(_got(value, wanted) + (f" ({place})" if place else ""))


def _written(source: Any) -> str:
    """The place of a function's code; empty for what is none."""
    code = getattr(inspect.unwrap(source), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""


def _returns(hook: Callable[..., Any]) -> Any:
    """What a hook returns by its description; anything where it does not say."""
    wanted = hook.__annotations__.get("return", Any)
    return _evaluated(wanted, hook.__module__)


def wrong_fields(value: Any) -> Iterator[str]:
    """The fields of a Struct or dataclass that hold something else than they are declared with."""
    if isinstance(value, msgspec.Struct) or is_dataclass(value):
        yield from wrong_attributes(value, type(value))


def wrong_attributes(value: Any, kind: Any) -> Iterator[str]:
    """The attributes that `kind` declares and that hold something else in a value."""
    name = getattr(value, "__name__", type(value).__name__)
    for key, wanted in _declared(kind).items():
        if hasattr(value, key) and not fits(held := getattr(value, key), wanted):
            yield f"{name}.{key}: {_got(held, wanted)}"


@cache
def _declared(kind: Any) -> dict[str, Any]:
    return {
        key: _evaluated(wanted, cls.__module__)
        for cls in reversed(kind.__mro__)
        for key, wanted in inspect.get_annotations(cls).items()
    }


def _evaluated(annotation: Any, module: str) -> Any:
    """An annotation of a module, also one written as text; anything where its names are not found."""
    if not isinstance(annotation, str):
        return annotation
    with suppress(NameError):
        return eval(annotation, dict(vars(sys.modules[module])))  # noqa: S307  # text of imported source
    with suppress(NameError):
        return eval(annotation, dict(_names(module)))  # noqa: S307
    return Any


@cache
def _names(module: str) -> dict[str, Any]:
    """The names of a module, with those that it imports for type checkers only: when a hook has returned
    something, what is slow to import has been imported anyway."""
    names = dict(vars(sys.modules[module]))
    try:
        source = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):  # it was made at run time
        return names
    for node in source.body:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for line in node.body:
                with suppress(ImportError):  # there may be stubs only
                    exec(compile(ast.Module([line], []), module, "exec"), names)  # noqa: S102
    return names


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value is what an annotation says, as far as that can be seen without calling it."""
    origin, inner = get_origin(wanted), get_args(wanted)
    if wanted is Any or wanted is None:
        return wanted is Any or value is None
    if origin in (Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is Annotated:
        return fits(value, inner[0]) and _within(value, wanted)
    if origin is ClassVar:
        return fits(value, inner[0])
    if origin is type:
        return isinstance(value, type) and (inner[0] is Any or issubclass(value, inner[0]))
    if origin is dict:
        return isinstance(value, dict) and all(
            fits(key, inner[0]) and fits(held, inner[1]) for key, held in value.items()
        )
    if origin is tuple and inner[-1] is ...:
        return isinstance(value, tuple) and all(fits(one, inner[0]) for one in value)
    if origin is Callable and callable(value):
        return _callable_so(value, *inner)
    try:
        return isinstance(value, origin or wanted)
    except TypeError:  # a type variable, or a protocol for type checkers only
        return True


def _within(value: Any, wanted: Any) -> bool:
    """Whether a value keeps to the limits of an annotation, such as the length of a text."""
    if any(isinstance(one, msgspec.Meta) for one in get_args(wanted)[1:]):
        with suppress(msgspec.ValidationError):
            msgspec.convert(value, wanted)
            return True
        return False
    return True


def _callable_so(value: Callable[..., Any], arguments: Any, result: Any) -> bool:
    """Whether a callable takes as many arguments, and may return such a result."""
    if arguments is not ... and not _takes(value, len(arguments)):
        return False
    written, origin = inspect.unwrap(value), get_origin(result)
    if origin is AbstractAsyncContextManager and isinstance(value, type):
        return issubclass(value, AbstractAsyncContextManager)
    if origin is AbstractAsyncContextManager:  # asynccontextmanager wraps an asynchronous generator
        bare = inspect.isasyncgenfunction(value) or inspect.iscoroutinefunction(value)
        return not inspect.isgeneratorfunction(written) and (written is not value or not bare)
    return origin is not Awaitable or _asynchronous(written)


def _asynchronous(written: Callable[..., Any]) -> bool:
    """Whether a callable is written with async def, or is annotated to give something to wait for."""
    while isinstance(written, partial):
        written = written.func
    if any(map(inspect.iscoroutinefunction, (written, getattr(written, "__call__", None)))):  # noqa: B004
        return True
    given = getattr(written, "__annotations__", {}).get("return")
    kind = get_origin(given := _evaluated(given, written.__module__)) or given
    return isinstance(kind, type) and issubclass(kind, Awaitable)


def _takes(value: Callable[..., Any], number: int) -> bool:
    try:
        inspect.signature(value).bind(*range(number))
    except TypeError:
        return False
    except ValueError:  # written in C, without a signature
        return True
    return True


def _got(value: Any, wanted: Any) -> str:
    """What came and what was wanted, in few words: names without modules."""
    if get_origin(wanted) is ClassVar:
        (wanted,) = get_args(wanted)
    shown = f"{reprlib.repr(value)} ({type(value).__name__})"
    if isinstance(value, type) or value is None:
        shown = f"the class {value.__name__}" if value else "None"
    if inspect.isfunction(value):
        shown = f"{value.__name__} (function, {_written(value)})"
    names = re.sub(r"(?:\w+\.)+(?=\w)", "", inspect.formatannotation(wanted)).replace("'", "")
    return f"got {shown}, wanted {names}"


def said(error: BaseException, package: str = "") -> str:
    """An error in one line: its type, the first line of its text, and where a package's own code raised it or
    called what did."""
    text = _text(error).strip().splitlines()
    line = f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
    place = _place(error, package)
    return f"{line} ({place})" if place else line


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of a plugin's own, whose text fails
        return ""


def _place(error: BaseException, package: str) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}"
    frames = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if package and f"{frame.f_globals.get('__name__')}.".startswith(f"{package}.")
    ]
    return frames[-1] if frames else ""
