"""Statistics of scaled diffraction data that make sense together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

LOW = 48.0
"""The low resolution limit, in Å."""


@dataclass(frozen=True)
class Shell:
    """A range of resolution, by the names of the columns of `AutoProcScalingStatistics`."""

    scalingStatisticsType: str
    resolutionLimitLow: float
    resolutionLimitHigh: float
    rMerge: float
    rMeasAllIPlusIMinus: float
    rPimAllIPlusIMinus: float
    nTotalObservations: int
    nTotalUniqueObservations: int
    meanIOverSigI: float
    completeness: float
    multiplicity: float
    anomalousCompleteness: float
    anomalousMultiplicity: float
    ccHalf: float
    ccAnomalous: float

    def columns(self) -> dict[str, Any]:
        """All of it by column."""
        return asdict(self)


def shells(
    rng: np.random.Generator, resolution: float, cell: tuple[float, float, float], operators: int = 8
) -> list[Shell]:
    """Overall, inner and outer shell of data to `resolution` Å from a crystal of this cell (Å) whose point
    group has `operators` rotations.

    Reflections are counted from the cell's volume; R(meas) and R(pim) follow from R(merge) and the
    multiplicity, R(merge) and CC(1/2) from the signal.
    """
    volume = float(np.prod(cell))
    multiplicity = rng.uniform(3.5, 13.0)
    strength = rng.uniform(14, 26)
    middle, edge = resolution * 3.0, resolution * 1.05
    return [
        _shell(rng, "overall", LOW, resolution, volume / operators, multiplicity, strength, 0.998),
        _shell(rng, "innerShell", LOW, middle, volume / operators, multiplicity * 0.92, strength * 3, 0.999),
        _shell(rng, "outerShell", edge, resolution, volume / operators, multiplicity * 0.95, 1.8, 0.97),
    ]


def _shell(
    rng: np.random.Generator,
    kind: str,
    low: float,
    high: float,
    unique_volume: float,
    multiplicity: float,
    signal: float,
    complete: float,
) -> Shell:
    possible = 2 * np.pi / 3 * unique_volume * (high**-3 - low**-3)
    completeness = complete * rng.uniform(0.985, 1.0)
    unique = max(int(possible * completeness), 20)
    observations = round(unique * multiplicity)
    single = signal / np.sqrt(multiplicity)  # of one observation
    merge = 0.8 / single * rng.uniform(0.95, 1.05)
    correlated = single**2 * multiplicity / 2
    return Shell(
        kind,
        round(low, 2),
        round(high, 2),
        round(merge, 4),
        round(merge * np.sqrt(multiplicity / (multiplicity - 1)), 4),
        round(merge * np.sqrt(1 / (multiplicity - 1)), 4),
        observations,
        unique,
        round(signal, 1),
        round(100 * completeness, 1),
        round(observations / unique, 1),
        round(100 * completeness * 0.985, 1),
        round(observations / unique / 1.9, 1),
        round(float(correlated / (correlated + 1.5)), 4),
        round(float(rng.uniform(0.02, 0.5)), 3),
    )
