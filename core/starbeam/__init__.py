"""Starbeam: a plugin framework for the laboratory databases of synchrotron and electron-microscopy
facilities. Plugins import from `starbeam.api`."""

from starbeam.deprecation import moved

_TO_API = (
    "Context",
    "NoSettings",
    "Plugin",
    "Principal",
    "authenticated",
    "hookimpl",
    "hookspec",
    "needs",
    "public",
)
__getattr__ = moved(__name__, {name: f"starbeam.api.{name}" for name in _TO_API}, until="0.3")
