"""What readers read, as HTTP answers: with an ETag, and streamed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.response.base import ASGIResponse

from starbeam.api.files import Files
from starbeam.api.http import etag, unchanged
from starbeam_data.answers import Answer, Interrupted
from starbeam_data.identity import identity
from starbeam_data.origins import Origins
from starbeam_data.protocol import AnyJob
from starbeam_data.readers import Readers

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.types import Receive, Scope, Send

log = structlog.get_logger("starbeam.data")


class DataAnswer(Response[None]):
    """What a reader reads; without an answer, that nothing has changed."""

    def __init__(self, answer: Answer | None, tag: str) -> None:
        super().__init__(None)
        self.answer = answer
        self.tag = tag

    def to_asgi_response(
        self, app: Litestar | None, request: Request[Any, Any, Any], **options: Any
    ) -> ASGIResponse:
        """What sends it."""
        return _Sending(self.answer, self.tag)


class _Sending(ASGIResponse):
    def __init__(self, answer: Answer | None, tag: str) -> None:
        super().__init__()
        self._answer, self._tag = answer, tag

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and the blocks as they are read. One that cannot be finished ends the connection."""
        headers = {"ETag": self._tag}
        if self._answer is None:
            await _start(send, 304, headers)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        head = self._answer.head
        try:
            await _start(send, 200, {**head.headers, "Content-Length": str(head.size), **headers})
            async for block in self._answer.blocks():
                body: Any = block  # not copied: whoever sends it lets go of it when it is sent
                async with asyncio.timeout(self._answer.patience):
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                await asyncio.sleep(0)  # others are served, however fast the client is
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except Interrupted:
            log.warning("a file could not be read to its end", route=scope.get("path_template"))
        except TimeoutError:
            log.info("a client did not take its answer", route=scope.get("path_template"))
        finally:
            self._answer.close()


async def _start(send: Send, status: int, headers: dict[str, str]) -> None:
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    encoded.append((b"x-content-type-options", b"nosniff"))
    await send({"type": "http.response.start", "status": status, "headers": encoded})


class Sender:
    """Answers jobs, and remembers which files the answers came from: asked again, it opens none of them
    where nothing has changed."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._origins = Origins()

    async def answer(self, job: AnyJob, files: Files, request: Request[Any, Any, Any]) -> DataAnswer:
        """The answer to a job. Raises what `Readers.read` raises."""
        key = msgspec.msgpack.encode(job)
        own = await files.run(identity, job.file)
        if "if-none-match" in request.headers and (others := self._origins.of(key)) is not None:
            found = tag(key, {job.file: own, **await files.run(_identities, others)})
            if unchanged(request, found):
                return DataAnswer(None, found)
        answer = await self._readers.read(job, request.user.person_id)
        self._origins.note(key, list(answer.head.others))
        return DataAnswer(answer, tag(key, {job.file: own, **answer.head.others}))


def tag(job: bytes, identities: Mapping[str, str]) -> str:
    """The ETag of an answer: of what was asked, and of all files that it comes from."""
    return etag(job, *(f"{file}\0{one}".encode() for file, one in sorted(identities.items())))


def _identities(files: list[str]) -> dict[str, str]:
    return {file: identity(file) for file in files}
