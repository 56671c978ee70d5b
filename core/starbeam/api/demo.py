"""Made-up data of a plugin, for the demo."""

from starbeam.demo import DemoData, DemoWorld, Row

__all__ = [
    "DemoData",
    "DemoWorld",
    "Row",
]
