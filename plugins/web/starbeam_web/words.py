"""Values as pages write them: numbers, units, times. Nothing is an empty text, never 0 or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from starbeam_web.spacegroups import space_group

_HC = 12.39842
"""What a photon's energy in keV and its wavelength in Å come to when multiplied."""
_ELECTRONS = 0.04
"""Å: X-rays of beamlines are longer, electrons of 100 kV and more are shorter."""
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float | None, digits: int = 0) -> str:
    """`1,240`, `0.976`."""
    return "" if value is None else f"{value:,.{digits}f}"


def unit(value: float | None, unit: str, digits: int = 0) -> str:
    """`28.0 %`."""
    return "" if value is None else f"{number(value, digits)} {unit}"


def size(count: float | None) -> str:
    """`740 B`, `12.4 kB`, `3.2 MB`, of a number of bytes."""
    if count is None:
        return ""
    for name in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return unit(count, name, 0 if name == "B" else 1)
        count /= 1000
    return unit(count, "TB", 1)


def cell(values: Sequence[float | None], unit: str) -> str:
    """`61.3, 61.3, 110 Å` for a unit of ` Å`: one decimal unless whole, nothing where one is not known."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return ""
    return ", ".join(plain(value) for value in known) + unit


def plain(value: float | None) -> str:
    """One decimal unless whole: `90`, `61.3`."""
    return "" if value is None else number(value, 0 if round(value, 1) == round(value) else 1)


def exposure(seconds: float | None) -> str:
    """`10 ms` below a second, else `1.2 s`."""
    if not seconds:
        return ""
    if round(seconds, 3) >= 1:
        return unit(seconds, "s", 1)
    return unit(seconds * 1000, "ms", 0 if seconds >= 0.01 else 1)


def energy(wavelength: float | None) -> str:
    """`12.700 keV, 0.9763 Å`, of a wavelength in Å; of one as short as electrons have, that alone."""
    if not wavelength:
        return ""
    length = f"{wavelength:.4f} Å"
    return length if wavelength < _ELECTRONS else f"{_HC / wavelength:.3f} keV, {length}"


def edge(kev: float | None) -> str:
    """`12.6612 keV, 0.9792 Å`, of an energy in keV."""
    return f"{kev:.4f} keV, {_HC / kev:.4f} Å" if kev else ""


def kev(energy: float | None) -> str:
    """`6.40`, of an energy that beamlines write in keV or in eV."""
    return number(energy / 1000 if energy and energy > 200 else energy, 2)


def beam(x: float | None, y: float | None) -> str:
    """`20 × 10 µm`, of sizes in mm."""
    return f"{plain(x * 1000)} × {plain(y * 1000)} µm" if x and y else ""


def defocus(least: float | None, most: float | None) -> str:
    """`0.8 – 2.2 µm`, of what microscopes write in µm or in Å, below or above the focus."""
    if least is None or most is None:
        return ""
    first, last = sorted(abs(value) / 10_000 if abs(value) > 100 else abs(value) for value in (least, most))
    return f"{plain(first)} – {plain(last)} µm"


def power(value: float | None, unit: str) -> str:
    """`4.1 × 10¹² ph/s`."""
    if not value:
        return ""
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(_RAISED)} {unit}"


def day(value: datetime | date | None, now: datetime) -> str:
    """`Sat 28 Nov`, with the year when it is not this one."""
    if value is None:
        return ""
    return f"{value:%a} {value.day} {value:%b}" + ("" if value.year == now.year else f" {value.year}")


def moment(value: datetime | None, now: datetime, zone: tzinfo | None = None) -> Markup:
    """`Sat 28 Nov 09:00`, as a time that programs read too."""
    if value is None:
        return Markup("")
    return _time(value, f"{day(value, now)} {value:%H:%M}", zone)


def clock(value: datetime | None, zone: tzinfo | None = None) -> Markup:
    """`14:24:40`."""
    return Markup("") if value is None else _time(value, f"{value:%H:%M:%S}", zone)


def _time(value: datetime, words: str, zone: tzinfo | None) -> Markup:
    return Markup(f'<time datetime="{_placed(value, zone)}">{words}</time>')  # noqa: S704 - digits and days


def offset(value: datetime, zone: tzinfo | None) -> str:
    """`+01:00`: how far a local time is from UTC there; without a zone, in the machine's own."""
    return _placed(value, zone)[len("2026-11-28T14:24:40") :]


def _placed(value: datetime, zone: tzinfo | None) -> str:
    """`2026-11-28T14:24:40+01:00`."""
    try:
        placed = value.replace(tzinfo=zone) if zone else value.astimezone()
    except (OverflowError, ValueError, OSError):  # a year that the machine's clock does not know
        placed = value.replace(tzinfo=UTC)
    return placed.isoformat(timespec="seconds")


def times(zone: tzinfo | None) -> dict[str, Callable[..., Markup]]:
    """The filters of times in a zone."""
    return {"clock": partial(clock, zone=zone), "moment": partial(moment, zone=zone)}


def span(seconds: float | None) -> str:
    """`46 s`, `2 min 04 s`, `1 h 12 min`, `3 days`."""
    if seconds is None:
        return ""
    whole = round(abs(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 72:
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"


def lasting(start: datetime | None, end: datetime | None) -> str:
    """How long something takes, in whole hours or days."""
    if start is None or end is None:
        return ""
    hours = (end - start) / timedelta(hours=1)
    return f"{hours:.0f} h" if hours >= 1 else span((end - start).total_seconds())


def when(start: datetime | None, end: datetime | None, now: datetime) -> str:
    """`now`, `in 3 days`, `8 days ago`."""
    if start is None:
        return ""
    if start <= now and (end is None or now <= end):
        return "now"
    away = start - now if start > now else now - (end or start)
    said = _roughly(away)
    return f"in {said}" if start > now else f"{said} ago"


def _roughly(away: timedelta) -> str:
    for seconds, word in (
        (31_557_600, "year"),
        (2_629_800, "month"),
        (604_800, "week"),
        (86_400, "day"),
        (3600, "hour"),
    ):
        count = int(away.total_seconds() // seconds)
        if count >= (2 if word in ("week", "month", "year") else 1):
            return f"{count} {word}{'s' if count > 1 else ''}"
    return f"{int(away.total_seconds() // 60)} min"


def initials(login: str) -> str:
    """Two letters for a person: of `a.keller`, `AK`."""
    parts = [part for part in login.replace("-", ".").replace("_", ".").split(".") if part]
    letters = "".join(part[0] for part in parts[:2]) if len(parts) > 1 else login[:2]
    return letters.upper()


def asking(query: Mapping[str, str], **changes: object) -> str:
    """The parameters of an address, with changes; None takes one away."""
    kept = {name: value for name, value in query.items() if name not in changes}
    kept |= {name: str(value) for name, value in changes.items() if value is not None}
    return "?" + urlencode(kept) if kept else ""


FILTERS: dict[str, Callable[..., Any]] = {
    "asking": asking,
    "beam": beam,
    "cell": cell,
    "day": day,
    "defocus": defocus,
    "edge": edge,
    "energy": energy,
    "exposure": exposure,
    "initials": initials,
    "kev": kev,
    "lasting": lasting,
    "number": number,
    "plain": plain,
    "power": power,
    "space_group": space_group,
    "size": size,
    "span": span,
    "unit": unit,
    "when": when,
}
"""By their names in templates."""
