"""Files that rows name."""

from starbeam.contents import Content, Kept, content, kept, zipped
from starbeam.files import Files

__all__ = [
    "Content",
    "Files",
    "Kept",
    "content",
    "kept",
    "zipped",
]
