"""Bodies of rows: JSON, or a CSV file whose first line names the columns. All that is wrong is said, by cell.

async def fill(writer: Writer, key: int, sheet: Sheet[ContainerSample]) -> Filled:
    rows, faults = sheet.read()
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct, inspect

from starbeam.conversion import Place, parsed
from starbeam.fields import said_of
from starbeam.refusals import Invalid

T = TypeVar("T", bound=Struct)
_MOST_ROWS = 1000


class Sheet(Generic[T]):
    """Rows that a client sent, not yet looked at. `T` says what a row is."""

    def __init__(self, kind: type[T], sent: Any, first: int = 0) -> None:
        """`first` is the number of the first row, where faults are said of. Raises `Invalid` for what is no
        list."""
        if not isinstance(sent, list):
            parsed(sent, list[kind], ["body"])  # type: ignore[valid-type]
        if len(sent) > _MOST_ROWS:
            raise Invalid(f"There are more than {_MOST_ROWS} rows", ["body"])
        self._kind = kind
        self._sent: Sequence[Any] = sent
        self._first = first

    @classmethod
    def of_csv(cls, kind: type[T], sent: bytes) -> Sheet[T]:
        """Rows of a CSV file, numbered as spreadsheets number them; an empty cell says nothing. Columns have
        the names or titles of the fields of `kind`. Raises `Invalid` for a column that is not known."""
        rows = _cells(_text(sent))
        fields = [_field(kind, one) for one in (rows[0] if rows else [])]
        if not any(fields):
            raise Invalid(f"The first line names the columns: {', '.join(_titles(kind))}", ["body", 1])
        return cls(kind, [_record(fields, row) for row in rows[1:]], first=2)

    def read(self) -> tuple[dict[int, T], list[Invalid]]:
        """The rows by their numbers, and all that is wrong with others. What holds nothing is no row."""
        rows, faults = dict[int, T](), list[Invalid]()
        for number, sent in enumerate(self._sent, self._first):
            if sent == {}:
                continue
            wrong = list(_faults(sent, self._kind, ["body", number]))
            faults += wrong
            if not wrong:
                rows[number] = parsed(sent, self._kind, ["body", number])
        return rows, faults


def _faults(sent: Any, kind: type[Any], place: Place) -> Iterator[Invalid]:
    """What is wrong with a row: with each member of it."""
    if not isinstance(sent, dict):
        yield from _refused(sent, kind, place)
        return
    for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        name = field.encode_name
        if name in sent:
            alone = _refused({name: sent[name]}, kind, place)
            yield from (one for one in alone if one.kind != "missing")  # which is said of others
        elif field.required:
            yield Invalid("Field required", [*place, name], "missing")


def _refused(sent: Any, kind: type[Any], place: Place) -> Iterator[Invalid]:
    try:
        parsed(sent, kind, place)
    except Invalid as error:
        yield error


def _record(fields: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    cells = zip(fields, (cell.strip() for cell in row), strict=False)
    return {field: cell for field, cell in cells if field and cell}


def _field(kind: type[Any], column: str) -> str:
    """The field that a column is called by; nothing for one without a name. Raises `Invalid`."""
    names: Mapping[str, str] = {
        _plain(called): name for title, name in _titles(kind).items() for called in (title, name)
    }
    plain = _plain(column)
    if plain and plain not in names:
        raise Invalid(
            f"There is no column {column.strip()}: columns are {', '.join(_titles(kind))}", ["body", 1]
        )
    return names[plain] if plain else ""


def _titles(kind: type[Any]) -> dict[str, str]:
    """Fields by their titles."""
    found = {}
    for field in inspect.type_info(kind).fields:  # type: ignore[attr-defined]
        found[said_of(field.type).get("title", field.encode_name)] = field.encode_name
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _text(sent: bytes) -> str:
    """The text of a file: in UTF-8, or as spreadsheets of Windows write it."""
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError:
        return sent.decode("cp1252", "replace")


def _cells(text: str) -> list[list[str]]:
    """The cells of each row. Raises `Invalid` for a cell that has no end, or is as long as a file."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        return list(reader)
    except csv.Error as error:
        raise Invalid(f"Not a CSV file: {error}", ["body", reader.line_num]) from None


def _delimiter(text: str) -> str:
    """What stands between cells: what the first line has most of."""
    line = text.partition("\n")[0]
    return max(",;\t", key=line.count)
