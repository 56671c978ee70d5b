"""Files that rows name."""

from starbeam.files import Files

__all__ = [
    "Files",
]
