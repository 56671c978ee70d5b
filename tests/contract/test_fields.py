"""Every field that the API document shows has a value somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.expected import empty, routes
from support.walk import answer_schema, fields, filled
from support.world import CALLERS

if TYPE_CHECKING:
    from contract.conftest import Whole
    from support.schemas import Kind

pytestmark = pytest.mark.anyio


@pytest.mark.four_databases
async def test_every_field_has_a_value_in_some_answer(whole: Whole, kind: Kind) -> None:
    known, found = set[str](), set[str]()
    document = whole.document
    reading_first = sorted(routes().items(), key=lambda entry: not entry[0].startswith("GET"))
    for name, route in reading_first:
        schema = answer_schema(whole.operation(name) or {"responses": {}})
        if schema is None:
            continue
        known |= fields(document, schema)
        for path in (route.path or name.split(" ")[1], *route.also):
            for caller in CALLERS:
                response = await whole.call(name, path, caller, route.body)
                if response.is_success:
                    found |= filled(document, schema, response.json())
    assert len(known) > 60
    assert known - found == empty(kind.flavour)
