"""Clients that are generated from the API document compile, and understand every answer of every GET."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import generators
from support.expected import routes
from support.generators import Answer

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

CALLERS = ("administrator", "stranger")
WRONG = "?skip=-1&limit=x&dataCollectionIds=x&selection=x"
"""Makes 422 of what takes one of these."""


@pytest.fixture
async def answers(whole: Whole) -> list[Answer]:
    """What is answered to people who see everything and nothing, and to wrong requests."""
    found, wanted = dict[Answer, None](), set[str]()
    gets = {name: route for name, route in routes().items() if name.startswith("GET ")}
    for name, route in gets.items():
        template = name[4:] if whole.operation(name) else name[4:] + "/"
        if (operation := whole.operation(f"GET {template}")) is None:
            continue
        if any(answer not in (403, 404) for answer in route.answers.values()):
            wanted.add(operation["operationId"])
        address = route.path or template
        for path in (address, *route.also, address.partition("?")[0] + WRONG):
            for caller in CALLERS:
                response = await whole.call(name, path, caller)
                kind, body = response.headers.get("content-type", ""), response.content.decode("latin-1")
                about = operation["operationId"], whole.root + template
                found[Answer(*about, response.status_code, kind, body)] = None
    assert wanted - {one.operation for one in found if one.status == 200} == set()
    assert {one.status for one in found} >= {200, 403, 404, 422}
    return list(found)


@pytest.fixture
def document(whole: Whole, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(whole.document), encoding="utf-8")
    return file


@pytest.mark.long
async def test_clients_are_generated_and_understand_every_answer(
    document: Path, answers: list[Answer], tmp_path: Path
) -> None:
    generators.openapi_generator(document, tmp_path / "one")
    good = [one for one in answers if one.status == 200]  # this client raises for the others
    assert generators.parsed("with_openapi_generator", tmp_path / "one", good) == []
    assert generators.openapi_python_client(document, tmp_path / "two") == ""
    assert generators.parsed("with_openapi_python_client", tmp_path / "two", answers) == []
    assert generators.typescript(document, tmp_path, answers) == ""
