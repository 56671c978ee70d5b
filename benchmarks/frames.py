"""The floor of detector frames: h5py reads what the query selects, and bare ASGI sends it in one piece.

Started by the benchmark as `uvicorn benchmarks.frames:app`, with the file in FRAMES.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs

import h5py
import hdf5plugin  # noqa: F401 - registers its filters


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer `?path=…&selection=…` with the values."""
    query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    first, _, end = query["selection"].partition(":")
    with h5py.File(os.environ["FRAMES"]) as file:
        frames = file[query["path"]][int(first) : int(end) if end else int(first) + 1]
    size = str(frames.nbytes).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
    await send({"type": "http.response.body", "body": memoryview(frames).cast("B")})
