"""Values as pages write them."""

from __future__ import annotations

import pytest

from starbeam_web import words


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
