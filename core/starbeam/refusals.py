"""Why a request is not served, free of HTTP: `starbeam.http.errors` makes an answer of each.

Each holds a sentence for whoever sent the request: no SQL, no paths, nothing of the inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Refusal(Exception):
    """A request that is not served, with the sentence that says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Missing(Refusal):
    """What is asked for does not exist, or the caller may not see it (404)."""


class Unauthenticated(Refusal):
    """Nobody has proven who calls (401)."""


class Forbidden(Refusal):
    """The caller may not do this (403)."""


class Refused(Refusal):
    """A change that cannot be made as things are (400)."""


class Conflict(Refusal):
    """A change that something else is in the way of: a name that is taken (409)."""


class Invalid(Refusal):
    """A request that is not valid (422).

    With `loc` (`query`, `path` or `body`, then the names) the answer names the place, as validation itself
    does; without it is a plain sentence.
    """

    def __init__(self, sentence: str, loc: Sequence[str | int] = (), kind: str = "value_error") -> None:
        super().__init__(sentence)
        self.loc = list(loc)
        self.kind = kind


class Faults(Invalid):
    """A request with several things that are not valid, each of which names its place (422)."""

    def __init__(self, each: Sequence[Invalid]) -> None:
        super().__init__("; ".join(one.sentence for one in each))
        self.each = list(each)


@contextmanager
def within(*place: str) -> Iterator[None]:
    """Name what is not valid inside as a part of this place of the body."""
    try:
        yield
    except Invalid as error:
        error.loc[1:1] = place
        raise


class NotHeld(Refusal):
    """This database has no table or column for it (501)."""


class Unavailable(Refusal):
    """Something that this server depends on does not answer (503); soon it may."""


class TooMany(Refusal):
    """Somebody asks too often (429): again in `wait` seconds."""

    def __init__(self, sentence: str, wait: int) -> None:
        super().__init__(sentence)
        self.wait = wait
