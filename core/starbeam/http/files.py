"""Files as answers: media type, ETag, conditional requests and ranges.

    file = await files.find(row.path)
    return FileAnswer(files, file_or_404(file, "Sample image not found"))

Starlette's `FileResponse` does the work: it streams in constant memory and knows ranges.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse
from starlette.datastructures import Headers
from starlette.responses import FileResponse
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from starbeam.http.conditional import etag, unchanged
from starbeam.refusals import Missing

if TYPE_CHECKING:
    from litestar import Litestar, Request
    from litestar.types import Message, Receive, Scope, Send

    from starbeam.files import Files

MOST_BYTES = 32 * 1024**2
"""How large a file may be that something is made of."""

_TYPES = mimetypes.MimeTypes()  # as Python ships them: the same on every machine
for _ending, _type in {
    ".log": "text/plain",
    ".lp": "text/plain",
    ".dat": "text/plain",
    ".pdb": "chemical/x-pdb",
    ".cif": "chemical/x-cif",
    ".h5": "application/x-hdf5",
    ".nxs": "application/x-hdf5",
    ".jfif": "image/jpeg",
    ".jp2": "image/jp2",
    ".webp": "image/webp",
}.items():
    _TYPES.add_type(_type, _ending)
_TYPES.encodings_map[".zst"] = "zstd"

_POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; sandbox"
"""HTML and SVG are shown as drawn, but run nothing, load nothing, and have no part in the site's cookies."""

_conditional = StaticFiles(check_dir=False)


class FileAnswer(Response[None]):
    """A file, inline, or as a download named `attachment`. Its type is what its name says: that of the
    download, or `name`, or where these say nothing its own."""

    def __init__(
        self, files: Files, file: Path, *, attachment: str | None = None, name: str | None = None
    ) -> None:
        super().__init__(None)
        self.files = files
        self.file = file
        self.attachment = attachment
        self.names = [attachment or name or file.name, file.name]

    def to_asgi_response(
        self, app: Litestar | None, request: Request[Any, Any, Any], **options: Any
    ) -> ASGIResponse:
        """What sends it, now that the request's headers are known."""
        inline = self.attachment is None
        gzip = inline and accepts_gzip(request.headers.get("accept-encoding", ""))
        known = (found for one in self.names if (found := media_type(one, gzip=gzip))[0] != _UNKNOWN)
        kind, encoding = next(known, (_UNKNOWN, None))
        headers = {
            "X-Content-Type-Options": "nosniff",
            **({"Content-Encoding": encoding} if encoding else {}),
        }
        if kind != "application/pdf":  # which browsers show in a sandbox of their own, and in no other
            headers["Content-Security-Policy"] = _POLICY
        if encoding or (inline and kind == _PACKED["gzip"]):
            headers["Vary"] = "Accept-Encoding"
        return _Sending(self, kind, headers)


class _MadeAnswer(FileAnswer):
    """What was made of a file."""

    def __init__(self, answer: FileAnswer, content: bytes, kind: str) -> None:
        super().__init__(answer.files, answer.file)
        self._content, self._kind = content, kind

    def to_asgi_response(
        self, app: Litestar | None, request: Request[Any, Any, Any], **options: Any
    ) -> ASGIResponse:
        """It, or that the client has it."""
        headers = {"ETag": etag(self._content), "X-Content-Type-Options": "nosniff"}
        if unchanged(request, headers["ETag"]):
            return ASGIResponse(status_code=304, headers=headers)
        return ASGIResponse(body=self._content, media_type=self._kind, headers=headers)


class _Sending(ASGIResponse):
    def __init__(self, answer: FileAnswer, kind: str, headers: dict[str, str]) -> None:
        super().__init__()
        self._answer, self._kind, self._headers = answer, kind, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, the part of it that is asked for, or that it has not changed."""
        try:
            opened = await self._answer.files.run(self._answer.files.open, self._answer.file)
        except OSError as error:  # gone since it was found, or another now
            raise Missing("Not Found") from error
        with opened:
            answer: Any = FileResponse(
                f"/proc/self/fd/{opened.fileno()}",
                headers=self._headers,
                media_type=self._kind,
                filename=self._answer.attachment,
                stat_result=os.fstat(opened.fileno()),
            )
            if _conditional.is_not_modified(answer.headers, Headers(scope=scope)):  # type: ignore[arg-type]
                answer = NotModifiedResponse(answer.headers)
            await answer(scope, receive, _raising(send))


def _raising(send: Send) -> Send:
    """Ranges that cannot be served are told as every error is, not in Starlette's plain text."""

    async def checking(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            status, headers = message["status"], Headers(raw=list(message["headers"]))
            detail = "The file has no such range." if status == 416 else "The header Range is malformed."
            kept = {name: headers[name] for name in ("content-range",) if name in headers}
            raise HTTPException(detail, status_code=status, headers=kept)
        await send(message)

    return checking


def file_or_404(file: Path | None, sentence: str) -> Path:
    """The file that was found. Raises Missing with this sentence when none was."""
    if file is None:
        raise Missing(sentence)
    return file


async def send_file(
    files: Files,
    path: str | None,
    missing: str,
    attachment: str | None = None,
    instead: Callable[[bytes], tuple[bytes, str] | None] | None = None,
) -> FileAnswer:
    """The file behind a path of the database, which may be a link to a file of another name; or what
    `instead`, in a thread, makes of its content, with a media type, unless that is nothing or the file is too
    large. Raises Missing with the sentence `missing`."""
    file = file_or_404(await files.find(path), missing)
    answer = FileAnswer(files, file, attachment=attachment, name=PurePosixPath(path or "").name)
    if instead is None or (content := await files.run(_content, files, file)) is None:
        return answer
    made = await asyncio.to_thread(instead, content)
    return answer if made is None else _MadeAnswer(answer, *made)


def _content(files: Files, file: Path) -> bytes | None:
    """What the file holds, unless it is too much, or gone since it was found."""
    try:
        with files.open(file) as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError:
        return None
    return content if len(content) <= MOST_BYTES else None


def media_type(name: str, *, gzip: bool) -> tuple[str, str | None]:
    """Media type and content encoding by a file's name, in any case. With `gzip`, text and pictures that are
    packed so are what they are, encoded: a client unpacks them, so this is not for what is saved."""
    kind, encoding = _TYPES.guess_type(f"/{name}".lower())  # without the slash, `a:b` were an address
    if encoding is None:
        return kind or _UNKNOWN, None
    if encoding == "gzip" and gzip and kind is not None and kind.startswith(("text/", "image/")):
        return kind, encoding
    return _PACKED.get(encoding, _UNKNOWN), None


_UNKNOWN = "application/octet-stream"
_PACKED = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "zstd": "application/zstd",
}


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` takes gzip."""
    found = re.search(r"(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)", header)
    return found is not None and found[1] not in ("0", "0.0", "0.00", "0.000")
