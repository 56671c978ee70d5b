"""Every list of the API and of the pages answers CSV: the rows of the JSON, for whoever asks."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from contract.test_pages import ALIKE
from contract.test_statements import COSTS, address
from support.pages import Visitor

if TYPE_CHECKING:
    import httpx

    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

CALLERS = ("administrator", "regular")


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows, each of which has all columns."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv;")
    return list(csv.DictReader(StringIO(answer.text, newline=""), strict=True))


def plain(result: dict[str, Any]) -> dict[str, str]:
    """The whole numbers and texts of a row."""
    return {name: str(value) for name, value in result.items() if type(value) in (int, str)}


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_list_has_the_rows_of_its_json(whole: Whole, caller: str) -> None:
    lists = {name: address(name, cost.one) for name, cost in COSTS.items()}
    assert len(lists) > 20
    for name, path in lists.items():
        told = (await whole.call(name, path, caller)).json()["results"]
        headers = {**whole.headers[caller], "Accept": "text/csv"}
        found = rows(await whole.app.client.get(path, headers=headers))
        assert len(found) == len(told), name
        for row, result in zip(found, told, strict=True):
            assert row.items() >= plain(result).items(), name


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_page_with_a_list_has_the_rows_of_the_api(whole: Whole, caller: str) -> None:
    visitor = Visitor(whole.app)
    await visitor.log_in(caller)
    seen = 0
    for page, path in ALIKE.values():
        told = await whole.call("GET ", path, caller)
        if told.status_code == 200 and "total" in told.json():
            answer = await visitor.open(f"{page}?format=csv")
            assert answer.text, f"{page}: no names of columns"
            found = rows(answer)
            assert len(found) == told.json()["total"], page
            seen += 1
    assert seen >= 5
