"""Runs in `.venv/generators`: what openapi-python-client's client makes of answers, in the form of
`with_openapi_generator.py`. Answers must be the same when they are written again."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from typing import Any

import httpx

sys.path.insert(0, sys.argv[1])

api = importlib.import_module("starbeam_client.api")
client = importlib.import_module("starbeam_client").Client(
    base_url="http://localhost", raise_on_unexpected_status=True
)
modules = {
    module.name.rpartition(".")[2]: module.name
    for module in pkgutil.walk_packages(api.__path__, "starbeam_client.api.")
    if not module.ispkg
}


def written(value: Any) -> Any:
    """What was parsed as JSON again."""
    if isinstance(value, list):
        return [written(one) for one in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def problem(one: dict[str, Any]) -> str | None:
    """What is wrong with how an answer was parsed."""
    content = one["body"].encode("latin-1")
    response = httpx.Response(one["status"], content=content, headers={"content-type": one["type"]})
    parsed = importlib.import_module(modules[one["operation"]])._parse_response(
        client=client, response=response
    )
    if parsed is None and content != b"null":
        return "nothing was parsed"
    if hasattr(parsed, "payload"):  # a file
        return None if parsed.payload.read() == content else "the file is another one"
    if one["type"].startswith("text/"):
        return None if parsed == content.decode() else "the text is another one"
    if written(parsed) != (sent := json.loads(content)):
        return f"{written(parsed)} instead of {sent}"
    return None


failed = []
for one in json.load(sys.stdin):
    try:
        found = problem(one)
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    if found:
        failed.append(f"{one['operation']} {one['status']}: {found}"[:2000])
json.dump(failed, sys.stdout)
