"""Indexes that would help, and that the schemas in the field lack."""

from __future__ import annotations
