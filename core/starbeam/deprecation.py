"""How names and hooks that plugins use go: with a warning first, for one minor version at least.

A name is found where it was and says where it is now (`moved`). A hook is marked with
``@hookspec(warn_on_impl=Deprecated("…"))``, so that whoever implements it is told. The warning is shown by
default, with the line of the plugin; a server writes it to its log, `pytest` lists it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


class Deprecated(FutureWarning):
    """Something that a plugin uses goes with a later version."""


def moved(module: str, names: Mapping[str, str], until: str) -> Callable[[str], Any]:
    """The `__getattr__` of a module that names left: what each is called now, by the old name, and the
    version that no longer finds the old ones."""

    def __getattr__(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        now = names[name]
        warnings.warn(
            f"{module}.{name} is {now} now; Starbeam {until} no longer finds it here",
            Deprecated,
            stacklevel=2,
        )
        home, _, attribute = now.rpartition(".")
        return getattr(import_module(home), attribute)

    return __getattr__
