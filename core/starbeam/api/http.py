"""What routes need beyond Litestar."""

from starbeam.calls import current_call
from starbeam.http.addresses import ClientAddress
from starbeam.http.conditional import etag, polled, unchanged
from starbeam.http.dependencies import always, asked
from starbeam.http.errors import refusal, status_of
from starbeam.http.files import FileAnswer, send_file
from starbeam.repeats import Begun, KeyedRequest, Remembered, Repeats

__all__ = [
    "Begun",
    "ClientAddress",
    "FileAnswer",
    "KeyedRequest",
    "Remembered",
    "Repeats",
    "always",
    "asked",
    "current_call",
    "etag",
    "polled",
    "refusal",
    "send_file",
    "status_of",
    "unchanged",
]
