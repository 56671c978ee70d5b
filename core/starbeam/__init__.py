"""Starbeam: a plugin framework for the laboratory databases of synchrotron and electron-microscopy
facilities."""

from starbeam.access import Principal, authenticated, needs, public
from starbeam.plugin import Context, NoSettings, Plugin, hookimpl, hookspec

__all__ = [
    "Context",
    "NoSettings",
    "Plugin",
    "Principal",
    "authenticated",
    "hookimpl",
    "hookspec",
    "needs",
    "public",
]
