"""The pages of a run of a program and of the files that it wrote."""

from __future__ import annotations

import re
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from starbeam.api import Clock, Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files, content, kept, zipped
from starbeam.api.web import Show
from starbeam_ispyb.models import AutoProcProgramMessage
from starbeam_processing.queries import messages
from starbeam_processing.queries.program import PROGRAMS, collections, files_of
from starbeam_processing.queries.results import of_program
from starbeam_processing.states import state_of


@get("/programs/{key:int}", access=authenticated)
async def show_program(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    clock: NamedDependency[Clock],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """A run of a program: what came of it, what it said, and what it wrote."""
    run = await reader.get(PROGRAMS, key)
    written = await files_of(reader, key)
    there = await kept(files, [one.path for one in written], clock)
    said = (await messages.of_programs(reader, [key])).get(key, [])
    return show(
        "processing/program.html",
        run=run,
        state=state_of(run, reader.now, any(one.severity != "INFO" for one in said)),
        of=await collections(reader, key),
        results=await of_program(reader, key),
        messages=said if reader.scope.has(AutoProcProgramMessage) else None,
        files=list(zip(written, there, strict=True)),
    )


@get("/programs/{key:int}/files/{file:int}", access=authenticated)
async def show_file(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    show: NamedDependency[Show],
    key: FromPath[int],
    file: FromPath[int],
) -> Response[Any]:
    """A text or a picture that a program wrote."""
    run = await reader.get(PROGRAMS, key)
    found = [one for one in await files_of(reader, key) if one.autoProcProgramAttachmentId == file]
    if not found:
        raise Missing("Not Found")
    return show(
        "processing/file.html",
        run=run,
        of=await collections(reader, key),
        file=found[0],
        content=await content(files, found[0].path),
    )


@get("/programs/{key:int}/files.zip", access=authenticated)
async def download_files(
    reader: NamedDependency[Reader], files: NamedDependency[Files], key: FromPath[int]
) -> Stream:
    """All files of a program."""
    run = await reader.get(PROGRAMS, key)
    named = [(one.fileName or "", one.path) for one in await files_of(reader, key)]
    name = re.sub(r"[^\w.-]+", "-", f"{run.processingPrograms or 'program'}-{key}", flags=re.ASCII)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    return Stream(zipped(files, named), media_type="application/zip", headers=headers)


handlers = [show_program, show_file, download_files]
