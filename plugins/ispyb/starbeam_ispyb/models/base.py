"""The base of the plugin's models."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables that two domains or more read."""
