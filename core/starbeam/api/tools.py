"""The app as tools see it: its operations, its document, how it is started."""

from starbeam import logs, server, streams
from starbeam.app import Starbeam
from starbeam.auth.queries import OPTIONS
from starbeam.db import sqlite
from starbeam.http.openapi import document
from starbeam.loader import HookFailed
from starbeam.registry import CORE, Operation, operations_of

__all__ = [
    "CORE",
    "OPTIONS",
    "HookFailed",
    "Operation",
    "Starbeam",
    "document",
    "logs",
    "operations_of",
    "server",
    "sqlite",
    "streams",
]
