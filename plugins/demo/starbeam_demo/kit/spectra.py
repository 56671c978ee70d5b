"""Energy scans over an absorption edge, and X-ray fluorescence spectra."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from starbeam_demo.kit.drawing import Line, Mark, plot

EDGES = {"Fe": 7.112, "Ni": 8.333, "Cu": 8.979, "Zn": 9.659, "Se": 12.658, "Br": 13.474}
"""K edges, in keV."""
LINES = {
    "S": 2.308,
    "Ca": 3.692,
    "Ti": 4.511,
    "Fe": 6.404,
    "Ni": 7.478,
    "Cu": 8.048,
    "Zn": 8.639,
    "As": 10.544,
    "Se": 11.222,
    "Br": 11.924,
}
"""K-alpha lines, in keV."""
_FWHM = 0.14
"""Resolution of the fluorescence detector, in keV."""


@dataclass(frozen=True)
class Scan:
    """An energy scan: energies in keV, counts, and the scattering factors f' and f'' in electrons."""

    element: str
    energy: NDArray[np.float64]
    counts: NDArray[np.float64]
    f_prime: NDArray[np.float64]
    f_double_prime: NDArray[np.float64]

    @property
    def peak(self) -> int:
        """Where f'' is highest."""
        return int(self.f_double_prime.argmax())

    @property
    def inflection(self) -> int:
        """Where f' is lowest."""
        return int(self.f_prime.argmin())


def edge_scan(rng: np.random.Generator, element: str, points: int = 201) -> Scan:
    """A scan from 50 eV below the K edge to 50 eV above it, with a white line."""
    edge = EDGES[element]
    energy = np.linspace(edge - 0.05, edge + 0.05, points)
    away = (energy - edge) * 1000
    step, white_line = 0.5 + np.arctan(away / 1.2) / np.pi, np.exp(-(((away - 2.5) / 2.2) ** 2))
    f_double_prime = 0.55 + 3.4 * step + 2.6 * white_line
    f_prime = -5.2 - 1.9 * np.log(4 / np.hypot(away / 6, 0.35)) - 1.5 * np.exp(-((away / 2.0) ** 2))
    counts = rng.poisson(1200 * f_double_prime + 150).astype(float)
    return Scan(element, energy, counts, f_prime, f_double_prime)


def write_scan(scan: Scan, stem: Path) -> list[Path]:
    """Write a scan as `stem.raw` (eV, counts), `stem.efs` (eV, f'', f') and `stem.png`."""
    raw, factors = stem.with_suffix(".raw"), stem.with_suffix(".efs")
    electronvolts = scan.energy * 1000
    raw.write_text(_columns((electronvolts, scan.counts)), encoding="utf-8")
    factors.write_text(_columns((electronvolts, scan.f_double_prime, scan.f_prime)), encoding="utf-8")
    marks = [
        Mark("peak", float(electronvolts[scan.peak])),
        Mark("inflection", float(electronvolts[scan.inflection])),
    ]
    lines = [Line("f''", electronvolts, scan.f_double_prime), Line("f'", electronvolts, scan.f_prime)]
    title = f"{scan.element} K edge"
    return [raw, factors, plot(stem.with_suffix(".png"), title, ("energy / eV", "electrons"), lines, marks)]


@dataclass(frozen=True)
class Spectrum:
    """A fluorescence spectrum: energies in keV, counts, and the fit to them."""

    energy: NDArray[np.float64]
    counts: NDArray[np.float64]
    fit: NDArray[np.float64]
    elements: tuple[str, ...]


def fluorescence(
    rng: np.random.Generator, excitation: float, elements: Iterable[str] | None = None, channels: int = 1024
) -> Spectrum:
    """A spectrum excited at `excitation` keV: lines of the elements that it can excite, the scattered beam,
    and a continuum."""
    energy = np.linspace(0.5, excitation + 1.0, channels)
    excited = [name for name, line in LINES.items() if line < excitation - 1.2]
    shown = (
        tuple(elements)
        if elements is not None
        else tuple(
            sorted(
                rng.choice(excited, size=min(4, len(excited)), replace=False).tolist(), key=LINES.__getitem__
            )
        )
    )
    width = _FWHM / 2.355
    fit = 40 * np.exp(-energy / 4) + 6
    for name in shown:
        height = rng.uniform(200, 4000)
        fit = fit + height * np.exp(-(((energy - LINES[name]) / width) ** 2) / 2)
        fit = fit + 0.13 * height * np.exp(-(((energy - LINES[name] * 1.103) / width) ** 2) / 2)
    for line, height, broad in ((excitation, 2600, 1.0), (excitation * 0.977, 4200, 2.4)):
        fit = fit + height * np.exp(-(((energy - line) / (width * broad)) ** 2) / 2)
    return Spectrum(energy, rng.poisson(fit).astype(float), fit, shown)


def write_fluorescence(spectrum: Spectrum, stem: Path) -> list[Path]:
    """Write a spectrum as `stem.dat`, `stem_fit.csv`, `stem.png` and a page `stem.html` with its lines."""
    data, fit = stem.with_suffix(".dat"), stem.with_name(stem.name + "_fit.csv")
    data.write_text(_columns((spectrum.energy, spectrum.counts)), encoding="utf-8")
    rows = zip(spectrum.energy.tolist(), spectrum.counts.tolist(), spectrum.fit.tolist(), strict=True)
    table = "".join(f"{energy:.4f},{counts:.0f},{fitted:.2f}\n" for energy, counts, fitted in rows)
    fit.write_text("energy,counts,fit\n" + table, encoding="utf-8")
    marks = [Mark(name, LINES[name]) for name in spectrum.elements]
    lines = [
        Line("counts", spectrum.energy, np.log10(spectrum.counts + 1)),
        Line("fit", spectrum.energy, np.log10(spectrum.fit + 1)),
    ]
    picture = stem.with_suffix(".png")
    plot(picture, "X-ray fluorescence", ("energy / keV", "log10 counts"), lines, marks)
    found = "".join(
        f"<tr><td>{name} K-alpha</td><td>{LINES[name]:.3f}</td></tr>" for name in spectrum.elements
    )
    page = stem.with_suffix(".html")
    page.write_text(
        "<!doctype html><meta charset=utf-8><title>X-ray fluorescence</title>"
        f'<img src="{picture.name}" alt=""><table><tr><th>line</th><th>keV</th></tr>{found}</table>\n',
        encoding="utf-8",
    )
    return [data, fit, picture, page]


def _columns(columns: Iterable[NDArray[np.float64]]) -> str:
    return "".join(
        " ".join(f"{value:.4f}" for value in row) + "\n" for row in np.stack(list(columns), 1).tolist()
    )
