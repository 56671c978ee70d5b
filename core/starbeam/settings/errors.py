"""What can be wrong with the settings, as data: an error always lists every problem found."""

from collections.abc import Iterable

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
    """The settings cannot be used; ``problems`` holds every cause, in the order of the sections."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(map(str, self.problems)))


class InvalidValue(ValueError):
    """Raised by the check of a field; the message never shows a secret."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)
