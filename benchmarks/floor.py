"""The floor: the same statements, sent to MariaDB by asyncmy alone and encoded by msgspec, behind bare ASGI.

Started by the benchmark as `uvicorn benchmarks.floor:app`, with what to run in a file that FLOOR names.
"""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import asyncmy
import msgspec
from sqlalchemy import make_url

_work: dict[str, Any] = pickle.loads(Path(os.environ["FLOOR"]).read_bytes())
_pool: Any = None


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer a path with the rows of its statements."""
    global _pool
    if scope["type"] != "http":
        return
    if _pool is None:
        url = make_url(_work["url"])
        _pool = await asyncmy.create_pool(
            host=url.host, port=url.port, user=url.username, db=url.database, maxsize=10, autocommit=True
        )
    answers = []
    async with _pool.acquire() as connection, connection.cursor() as cursor:
        for statement, values in _work["paths"][scope["path"]]:
            await cursor.execute(statement, values)
            answers.append(await cursor.fetchall())
    body = msgspec.json.encode(answers)
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}
    )
    await send({"type": "http.response.body", "body": body})
