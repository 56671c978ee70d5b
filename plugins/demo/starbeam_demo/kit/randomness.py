"""Sources of randomness that a name makes."""

from __future__ import annotations

import zlib

import numpy as np


def seeded(*parts: object) -> np.random.Generator:
    """A source of randomness that is the same for the same parts: a seed, a name, a number."""
    return np.random.default_rng([zlib.crc32(str(part).encode()) for part in parts])
