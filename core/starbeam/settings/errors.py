"""What can be wrong with the settings, as data: an error always lists every problem found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct


class Problem(Struct, frozen=True):
    """One thing that is wrong: where it was written, which key, what and how to mend it."""

    file_or_origin: str
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """Return one line, for example ``a.toml: server.prot: unknown key. Did you mean server.port?``."""
        line = ": ".join(part for part in (self.file_or_origin, self.key, self.message) if part)
        return f"{line}. {self.hint}" if self.hint else line


class SettingsError(Exception):
    """The settings cannot be used; ``problems`` holds every cause."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InvalidValue(ValueError):
    """Raised by the check of a field.

    `message` holds no value; `got` is the part that is wrong, shown only when the setting is no secret.
    """

    def __init__(self, message: str, hint: str = "", got: Any = None) -> None:
        self.message = message
        self.hint = hint
        self.got = got
        super().__init__(message)
