"""Merged intensities of a crystal: what scaling leaves, as an MTZ file and in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import gemmi
import numpy as np
from numpy.typing import NDArray

Cell: TypeAlias = tuple[float, float, float, float, float, float]
"""Lengths in Å and angles in degrees."""


@dataclass(frozen=True)
class Quality:
    """How good data are in a range of resolution."""

    low: float
    high: float
    """In Å."""
    completeness: float
    """Measured reflections of those that there are, up to 1."""
    signal: float
    """The mean of I/sigma(I)."""


@dataclass(frozen=True)
class Merged:
    """Every reflection of the asymmetric unit up to a resolution, and which were measured."""

    space_group: gemmi.SpaceGroup
    cell: gemmi.UnitCell
    indices: NDArray[np.int32]
    """h, k, l: one row for each reflection."""
    spacing: NDArray[np.float64]
    """In Å."""
    measured: NDArray[np.bool_]
    intensity: NDArray[np.float32]
    sigma: NDArray[np.float32]

    def within(self, low: float, high: float) -> tuple[int, float, float]:
        """In a range of resolution: how many were measured, in % of all, and their mean I/sigma(I)."""
        there = _between(self.spacing, low, high)
        found = there & self.measured
        number = int(found.sum())
        signal = float(np.mean(self.intensity[found] / self.sigma[found])) if number else 0.0
        return number, 100 * number / max(int(there.sum()), 1), signal

    def write(self, file: Path, wavelength: float) -> Path:
        """Write the measured ones in MTZ."""
        mtz = gemmi.Mtz(with_base=True)
        mtz.spacegroup = self.space_group
        mtz.set_cell_for_all(self.cell)
        mtz.title = "Simulated intensities"
        mtz.add_dataset("simulated").wavelength = wavelength
        mtz.add_column("IMEAN", "J")
        mtz.add_column("SIGIMEAN", "Q")
        columns = self.indices, self.intensity[:, None], self.sigma[:, None]
        mtz.set_data(np.hstack(columns)[self.measured].astype(np.float32))
        mtz.write_to_file(str(file))
        return file


def merged(
    rng: np.random.Generator,
    space_group: str,
    cell: Cell,
    completeness: float,
    inner: Quality,
    outer: Quality,
) -> Merged:
    """Intensities of atoms in random places (Wilson), as good as the inner and the outer shell say. Between
    these the signal falls off with resolution, and the completeness is the one given."""
    group, unit_cell = gemmi.SpaceGroup(space_group), gemmi.UnitCell(*cell)
    indices = gemmi.make_miller_array(unit_cell, group, outer.high, inner.low)
    spacing = unit_cell.calculate_d_array(indices)
    middles = [(shell.low**-2 + shell.high**-2) / 2 for shell in (inner, outer)]
    signal = np.exp(np.interp(spacing**-2, middles, np.log([inner.signal, outer.signal])))
    share = np.full(len(spacing), completeness)
    for shell in (inner, outer):
        share[_between(spacing, shell.low, shell.high)] = shell.completeness
    wilson = np.maximum(rng.exponential(1.0, len(spacing)), 0.01)
    intensity = 5000 * wilson * np.exp(-12 * spacing**-2)
    sigma = intensity / wilson / signal
    return Merged(
        group,
        unit_cell,
        indices,
        spacing,
        rng.random(len(spacing)) < share,
        intensity.astype(np.float32),
        sigma.astype(np.float32),
    )


def _between(spacing: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    return (spacing <= low) & (spacing >= high)
