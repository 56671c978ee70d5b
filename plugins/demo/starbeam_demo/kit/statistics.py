"""Statistics of scaled diffraction data that make sense together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from starbeam_demo.kit.reflections import Merged, Quality

LOW = 48.0
"""The low resolution limit, in Å."""


@dataclass(frozen=True)
class Shell:
    """A range of resolution, by the names of the columns of `AutoProcScalingStatistics`; R values in %."""

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


def expected(rng: np.random.Generator, resolution: float) -> tuple[float, Quality, Quality]:
    """How complete data to `resolution` Å are, and how good in the inner and in the outer shell."""
    strength = rng.uniform(14, 26)
    complete, inner, outer = np.array([0.998, 0.999, 0.97]) * rng.uniform(0.985, 1.0, 3)
    high, middle, edge = (round(resolution * factor, 2) for factor in (1.0, 3.0, 1.05))
    return complete, Quality(LOW, middle, inner, strength * 3), Quality(edge, high, outer, 1.8)


def shells(rng: np.random.Generator, data: Merged, inner: Quality, outer: Quality) -> list[Shell]:
    """Overall, inner and outer shell of merged data.

    Reflections are counted; R(meas) and R(pim) follow from R(merge) and the multiplicity, R(merge) and
    CC(1/2) from the signal.
    """
    multiplicity = rng.uniform(3.5, 13.0)
    return [
        _shell(rng, data, "overall", inner.low, outer.high, multiplicity),
        _shell(rng, data, "innerShell", inner.low, inner.high, multiplicity * 0.92),
        _shell(rng, data, "outerShell", outer.low, outer.high, multiplicity * 0.95),
    ]


def _shell(
    rng: np.random.Generator, data: Merged, kind: str, low: float, high: float, multiplicity: float
) -> Shell:
    unique, completeness, signal = data.within(low, high)
    observations = round(unique * multiplicity)
    single = signal / np.sqrt(multiplicity)  # of one observation
    merge = 80 / single * rng.uniform(0.95, 1.05)
    correlated = single**2 * multiplicity / 2
    return Shell(
        kind,
        low,
        high,
        round(merge, 2),
        round(merge * np.sqrt(multiplicity / (multiplicity - 1)), 2),
        round(merge * np.sqrt(1 / (multiplicity - 1)), 2),
        observations,
        unique,
        round(signal, 1),
        round(completeness, 1),
        round(observations / unique, 1),
        round(completeness * 0.985, 1),
        round(observations / unique / 1.9, 1),
        round(float(correlated / (correlated + 1.5)), 4),
        round(float(rng.uniform(0.02, 0.5)), 3),
    )
