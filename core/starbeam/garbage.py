"""The collector of garbage, while a server is built and while it serves."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ignored() -> Iterator[None]:
    """Import and build without collecting: there is next to no garbage, and a fifth of the time would go into
    looking for it."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def spare_what_is_there() -> None:
    """Look no more through what there is now: an app and its modules stay as long as the process, and one
    look at all of them would keep requests waiting for 0.15 seconds."""
    gc.freeze()
