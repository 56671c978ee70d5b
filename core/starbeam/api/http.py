"""What routes need beyond Litestar."""

from starbeam.aliases import Alias
from starbeam.calls import current_call
from starbeam.http.addresses import ClientAddress
from starbeam.http.conditional import etag, polled, unchanged
from starbeam.http.dependencies import always, asked, reading_and_writing
from starbeam.http.errors import refusal, status_of
from starbeam.http.files import FileAnswer, send_file

__all__ = [
    "Alias",
    "ClientAddress",
    "FileAnswer",
    "always",
    "asked",
    "current_call",
    "etag",
    "polled",
    "reading_and_writing",
    "refusal",
    "send_file",
    "status_of",
    "unchanged",
]
