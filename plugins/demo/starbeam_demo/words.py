"""What the names of people, laboratories, proposals and samples are put together from: `words.toml`."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import msgspec


class Laboratory(msgspec.Struct, frozen=True):
    """A laboratory and its address."""

    name: str
    organization: str
    address: str
    city: str
    postcode: str
    country: str


class Country(msgspec.Struct, frozen=True):
    """What people are called in a country, and how to call them there."""

    dialling_code: int
    given_names: list[str]
    family_names: list[str]


class Titles(msgspec.Struct, frozen=True):
    """Two halves of titles."""

    beginnings: list[str]
    ends: list[str]


class Component(msgspec.Struct, frozen=True):
    """A protein, or a material without a sequence."""

    acronym: str
    name: str
    mass: float | None = None
    """In kDa."""
    sequence: str | None = None
    """Its beginning."""
    density: float = 1.35
    """In g/cm³."""


class CrystalForm(msgspec.Struct, frozen=True):
    """A crystal form."""

    space_group: str
    morphology: str
    cell: tuple[float, float, float, float, float, float]
    """Lengths in Å and angles in degrees."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file."""

    comments: list[str]
    facility: Laboratory
    laboratories: list[Laboratory]
    proteins: list[Component]
    materials: list[Component]
    crystals: list[CrystalForm]
    countries: dict[str, Country]
    titles: dict[str, Titles]


WORDS = msgspec.convert(
    tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8")), Words
)
