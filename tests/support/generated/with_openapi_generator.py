"""Runs in `.venv/generators`: what openapi-generator's client makes of answers.

Standard input: a JSON list of `{operation, status, type, body}`, the body as latin-1 text. Standard output: a
JSON list of what could not be parsed. The argument is the folder of the client.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])

api = importlib.import_module("openapi_client.api")
client = importlib.import_module("openapi_client.api_client").ApiClient()


class Answer:
    """What came over the network."""

    def __init__(self, one: dict[str, Any]) -> None:
        self.status, self.reason = one["status"], ""
        self.data = one["body"].encode("latin-1")
        self.headers = {"content-type": one["type"]}

    def read(self) -> bytes:
        return self.data

    def getheaders(self) -> dict[str, str]:
        return self.headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self.headers.get(name.lower(), default)


class Network:
    """Gives one answer to whatever is asked."""

    answer: Answer

    def request(self, *_: Any, **__: Any) -> Answer:
        return self.answer


network = client.rest_client = Network()
operations = {}
for module in pkgutil.iter_modules(api.__path__):
    for name, kind in vars(importlib.import_module(f"openapi_client.api.{module.name}")).items():
        if name.endswith("Api"):
            operations |= {method: getattr(kind(client), method) for method in vars(kind)}


def arguments(operation: Any) -> dict[str, Any]:
    """Something for each parameter that must be there."""
    required = [one for one in inspect.signature(operation).parameters.values() if one.default is one.empty]
    return {one.name: 1 if "int" in str(one.annotation).lower() else "a1" for one in required}


failed = []
for one in json.load(sys.stdin):
    operation = operations[one["operation"]]
    network.answer = Answer(one)
    try:
        operation(**arguments(operation))
    except Exception as error:
        failed.append(f"{one['operation']} {one['status']}: {type(error).__name__}: {error}"[:2000])
json.dump(failed, sys.stdout)
