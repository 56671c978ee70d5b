"""Values as pages write them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from starbeam_web import parts, words

TABLE: list[tuple[str, tuple[Any, ...], str]] = [
    ("plain", (90.0,), "90"),
    ("plain", (61.34,), "61.3"),
    ("plain", (89.97,), "90"),
    ("plain", (None,), ""),
    ("exposure", (0.01,), "10 ms"),
    ("exposure", (0.0025,), "2.5 ms"),
    ("exposure", (1.2,), "1.2 s"),
    ("exposure", (0.9999,), "1.0 s"),
    ("exposure", (0,), ""),
    ("exposure", (None,), ""),
    ("energy", (1.0,), "12.398 keV, 1.0000 Å"),
    ("energy", (0.0197,), "0.0197 Å"),  # of electrons of 300 kV
    ("energy", (0.0,), ""),
    ("energy", (None,), ""),
    ("edge", (12.39842,), "12.3984 keV, 1.0000 Å"),
    ("edge", (None,), ""),
    ("beam", (0.02, 0.01), "20 × 10 µm"),
    ("beam", (0.0005, 0.0125), "0.5 × 12.5 µm"),
    ("beam", (0.02, None), ""),
    ("kev", (6.4,), "6.40"),
    ("defocus", (-0.8, -2.25), "0.8 – 2.2 µm"),
    ("defocus", (25000.0, 8000.0), "0.8 – 2.5 µm"),
    ("defocus", (None, 2.0), ""),
    ("kev", (6400,), "6.40"),
    ("kev", (None,), ""),
    ("size", (740,), "740 B"),
    ("size", (12_400,), "12.4 kB"),
    ("size", (3.2e6,), "3.2 MB"),
    ("size", (5e12,), "5.0 TB"),
    ("size", (0,), "0 B"),
    ("size", (None,), ""),
    ("power", (4.1e12, "ph/s"), "4.1 × 10¹² ph/s"),
    ("power", (9.96e11, "ph/s"), "1.0 × 10¹² ph/s"),
    ("power", (0, "ph/s"), ""),
    ("space_group", ("P 21 21 21",), "P 2₁ 2₁ 2₁"),
    ("space_group", ("P212121",), "P 2₁ 2₁ 2₁"),
    ("space_group", ("19",), "P 2₁ 2₁ 2₁"),
    ("space_group", ("P4212",), "P 4 2₁ 2"),
    ("space_group", ("P6222",), "P 6₂ 2 2"),
    ("space_group", ("P 1 21 1",), "P 1 2₁ 1"),
    ("space_group", ("unknown <b>",), "unknown <b>"),
    ("space_group", (None,), ""),
]


@pytest.mark.parametrize(("name", "values", "written"), TABLE)
def test_values_as_pages_write_them(name: str, values: tuple[Any, ...], written: str) -> None:
    assert words.FILTERS[name](*values) == written


@pytest.mark.parametrize(
    ("values", "unit", "written"),
    [
        ([61.3, 61.34, 110.0], " Å", "61.3, 61.3, 110 Å"),
        ([90, 90.04, 120.06], "°", "90, 90, 120.1°"),
        ([78.96, 79.97, 1240.5], " Å", "79, 80, 1,240.5 Å"),
        ([78.5, None, 37.0], " Å", ""),
        ([None, None, None], "°", ""),
    ],
)
def test_a_cell(values: list[float | None], unit: str, written: str) -> None:
    assert words.cell(values, unit) == written


def test_parts_escape_what_is_not_markup() -> None:
    word = '<b title="x">'
    said = "&lt;b title=&#34;x&#34;&gt;"
    assert f"</svg>{said}</span>" in parts.status("ok", word)
    assert parts.link(lambda path: True, lambda path: f"/site{path}", '/a"b', word) == (
        f'<a href="/site/a&#34;b">{said}</a>'
    )
    assert parts.link(lambda path: False, str, "/a", word) == word  # which the template escapes
    assert parts.link(lambda path: True, str, "/a", None) == ""


def test_cells_of_a_table() -> None:
    columns = [("a", "A", ""), ("b", 'B "Å"', "n")]
    rows = parts.cells([1, 2], columns, lambda row, key: Markup(f"\n<i>{key}{row}</i>\n"))
    assert rows.splitlines() == [
        f'<tr><th scope="row"><i>a{row}</i></th><td data-l="B &#34;Å&#34;" class="n"><i>b{row}</i></td></tr>'
        for row in (1, 2)
    ]


def test_times_are_of_the_zone_of_the_facility() -> None:
    """In summer and in winter."""
    written = words.times(ZoneInfo("Europe/Paris"))
    winter, summer = datetime(2026, 1, 5, 9, 0, 7), datetime(2025, 7, 5, 14, 24, 40)
    assert written["clock"](winter) == '<time datetime="2026-01-05T09:00:07+01:00">09:00:07</time>'
    said = '<time datetime="2025-07-05T14:24:40+02:00">Sat 5 Jul 2025 14:24</time>'
    assert written["moment"](summer, winter) == said
    assert written["moment"](None, winter) == written["clock"](None) == ""
    assert words.offset(datetime(1, 1, 1), None) in ("+00:00", words.offset(datetime(1900, 1, 1), None))
