"""The colours are matplotlib's."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colormaps

from starbeam_mapping.rendering import colour_maps


def test_there_are_the_colour_maps_that_matplotlib_registers() -> None:
    assert set(colour_maps()) == set(colormaps)


@pytest.mark.parametrize("name", ["viridis", "gray", "jet", "tab10", "twilight_r"])
def test_values_have_the_colours_that_matplotlib_gives_them(name: str) -> None:
    """As `rendering` finds them: the colour of `value * number of colours`, cut."""
    values = np.linspace(0, 1, 2001)
    table = colour_maps()[name]
    index = np.minimum((values * len(table)).astype(int), len(table) - 1)
    assert (colormaps[name](values, bytes=True)[:, :3] == table[index]).all()


def test_all_colours_are_those_of_matplotlib() -> None:
    different = [
        name
        for name, table in colour_maps().items()
        if not np.array_equal(colormaps[name](np.arange(len(table)), bytes=True)[:, :3], table)
    ]
    assert different == []
