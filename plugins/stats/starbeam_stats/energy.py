"""Photon energies."""

from __future__ import annotations

HC = 12398.42
"""Photon energy in eV times wavelength in Å: Planck's constant times the speed of light."""


def electron_volts(wavelength: float | None) -> float | None:
    """The photon energy in eV of a wavelength in Å; None without one."""
    return HC / wavelength if wavelength else None
