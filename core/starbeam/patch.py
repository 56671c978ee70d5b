"""Bodies that change a row: what clients send back as they were shown it is no change.

async def update(writer: Writer, key: int, patch: Patch[DewarCreateOptional]) -> Dewar:
    data = patch.of(await writer.get(DEWARS, key))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct, structs

from starbeam.conversion import parsed
from starbeam.refusals import Invalid

T = TypeVar("T")
S = TypeVar("S", bound=Struct)


class Patch(Generic[T]):
    """What a client sent to change something, not yet looked at. `T` says what may be changed, and how."""

    def __init__(self, kind: type[T], sent: Any) -> None:
        """Raises `Invalid` for what is no object."""
        self._kind = kind
        self._sent: Mapping[str, Any] = sent
        if not isinstance(sent, dict):
            parsed(sent, kind, ["body"])

    @property
    def sent(self) -> Mapping[str, Any]:
        """All that was sent, whatever it is."""
        return self._sent

    def of(self, shown: S) -> T:
        """What it changes of what clients are shown. Raises `Invalid` where that is no value; what a row
        holds already may be sent whether or not it would be taken today."""
        data: T = parsed(_differing(self._sent, shown), self._kind, ["body"])
        return data


def _differing(sent: Mapping[str, Any], shown: Struct) -> dict[str, Any]:
    """Those members that are not as shown; of objects what differs inside."""
    fields = {field.encode_name: field for field in structs.fields(shown)}
    found = {}
    for name, value in sent.items():
        present = getattr(shown, fields[name].name) if name in fields else msgspec.UNSET
        if isinstance(value, dict) and isinstance(present, Struct):
            if inner := _differing(value, present):
                found[name] = inner
        elif present is msgspec.UNSET or not _means(value, fields[name].type, present):
            found[name] = value
    return found


def _means(sent: Any, kind: Any, present: Any) -> bool:
    """Whether what was sent is this value."""
    try:
        return bool(parsed(sent, kind, []) == present)
    except Invalid:
        return False
