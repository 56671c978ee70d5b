"""Write `starbeam_mapping/colour_maps.npz`: the colours of all colour maps that matplotlib has registered.

For developers, after a new release of matplotlib: ``.venv/bin/python plugins/mapping/make_colour_maps.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

TARGET = Path(__file__).parent / "starbeam_mapping" / "colour_maps.npz"


def colours() -> dict[str, NDArray[np.uint8]]:
    """Red, green and blue of each colour, by the name of the colour map."""
    return {name: made(np.arange(made.N), bytes=True)[:, :3] for name, made in colormaps.items()}


if __name__ == "__main__":
    np.savez_compressed(TARGET, **colours())
