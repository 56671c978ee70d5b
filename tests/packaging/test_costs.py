"""The table of what operations cost has a line for each."""

from __future__ import annotations

import re

from benchmarks.everything import asked, pages, reasons, table

from starbeam.app import Starbeam
from starbeam.registry import operations_of
from starbeam.settings import load
from support.workspace import whole_system

SETTINGS = {
    "plugins.enabled": whole_system(),
    "auth.backends.dummy.use": "auth_dummy",
    "auth.backends.dummy.test_system": True,
}


def test_every_operation_has_a_line_for_each_way_in_which_it_is_asked() -> None:
    """`make bench ARGS="--full PLUGIN"` writes the lines of a plugin."""
    app = Starbeam(load(None, {}, SETTINGS), needs_secret=False)
    root = app.settings.server.api_root + "/"
    operations = {
        f"{one.method} {one.path.removeprefix(root[:-1])}"
        for one in operations_of(app.asgi)
        if one.path.startswith(root) and one.method != "HEAD"
    }
    lines = table.read()
    wanted = {(one.operation, one.address) for name in operations for one in asked.of(name)}
    assert wanted - lines.keys() == set(), 'make bench ARGS="--full PLUGIN" writes them'
    assert {operation for operation, _ in lines} == operations - asked.ENDLESS


def test_a_line_under_the_aim_says_why() -> None:
    """`benchmarks/everything/reasons.py` tells it from the figures."""
    lines = table.read().values()
    under = [
        line
        for line in lines
        if line["operation"].startswith("GET ")
        and line["of the floor"]
        and float(line["of the floor"]) < reasons.AIM
    ]
    assert {line["address"] for line in under if line["why"] in ("", "?")} == set()
    head = table.PAGE.read_text().partition("<!-- table -->")[0]
    assert {line["why"] for line in under} <= set(re.findall(r"^- \*(\w+)\*", head, re.MULTILINE))
    assert not any(line["why"] for line in lines if line not in under)


def test_every_page_has_a_line() -> None:
    """`make bench-pages` writes them."""
    app = Starbeam(load(None, {}, SETTINGS), needs_secret=False)
    assert pages.without_a_line(app) == set(), "make bench-pages writes them"
    measured = set(re.findall(r"^\| `(/[^`]*)`", pages.PAGE.read_text(), re.MULTILINE))
    assert measured == {*pages.STANDS_FOR}


def test_every_page_above_the_aim_has_its_reason() -> None:
    """`make bench-pages` writes those of `pages.ABOVE`."""
    page = pages.PAGE.read_text()
    ratios = re.findall(r"^\| `(/[^`]*)` .* ([\d.]+) \|$", page, re.MULTILINE)
    assert len(ratios) == len(pages.STANDS_FOR)
    above = {name for name, ratio in ratios if float(ratio) > pages.AIM}
    assert above == {*re.findall(r"^- `(/[^`]*)`: \w.*\.$", page, re.MULTILINE)}


def test_a_line_is_replaced_where_it_is_measured_again(monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "costs.md"
    page.write_text("# Costs\n\n<!-- table -->\n")
    monkeypatch.setattr(table, "PAGE", page)
    first, second, gone = ("GET /a", "/a?x=1"), ("GET /b", "/b"), ("GET /c", "/c")
    named = {key: {"operation": key[0], "address": key[1]} for key in (first, second, gone)}
    table.write(
        {key: {**line, "rows read": "7"} for key, line in named.items()}, {"GET /a", "GET /b", "GET /c"}
    )
    table.write({first: {**named[first], "rows read": "3"}}, {"GET /a", "GET /b"})
    assert {key: line["rows read"] for key, line in table.read().items()} == {first: "3", second: "7"}
    assert page.read_text().startswith("# Costs\n")
