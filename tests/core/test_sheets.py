"""Bodies of many rows."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from starbeam.refusals import Invalid
from starbeam.sheets import Sheet


class Row(msgspec.Struct):
    """A thing of some size."""

    place: Annotated[int, Meta(title="Position", ge=1)]
    name: Annotated[str, Meta(title="Name")]
    size_x: Annotated[float | UnsetType | None, Meta(title="Size X")] = UNSET


FILES = {
    "place,name,size_x\n1,a,2.5\n": {2: Row(1, "a", 2.5)},
    "Position;Name\r\n1;a\r\n\r\n3;b\r\n": {2: Row(1, "a"), 4: Row(3, "b")},
    "NAME\tposition\tSize  x\nß\t 1 \t\n": {2: Row(1, "ß")},
    'name,place,,\n"a, ""b""",1,,\n,,,\n': {2: Row(1, 'a, "b"')},
    "place,name": {},
}


@pytest.mark.parametrize("text", FILES, ids=repr)
def test_rows_of_a_file(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        assert Sheet.of_csv(Row, text.encode(encoding)).read() == (FILES[text], [])


@pytest.mark.parametrize("text", ["", "\n", "1,a\n", "place,name,height\n", ",,\n1,a,\n"], ids=repr)
def test_a_file_whose_first_line_does_not_name_its_columns(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        Sheet.of_csv(Row, text.encode())
    assert refused.value.loc == ["body", 1]
    assert "Position, Name, Size X" in refused.value.sentence


def test_all_that_is_wrong_is_told_by_its_cell() -> None:
    text = "place,name,size_x\n0,a,\nx,,big\n3,c,1\n"
    rows, faults = Sheet.of_csv(Row, text.encode()).read()
    assert rows == {4: Row(3, "c", 1.0)}
    found = [(*one.loc, one.kind) for one in faults]
    assert found == [
        ("body", 2, "place", "value_error"),
        ("body", 3, "place", "value_error"),
        ("body", 3, "name", "missing"),
        ("body", 3, "size_x", "value_error"),
    ]


def test_rows_as_json() -> None:
    sent = [{"place": "1", "name": 2}, {}, 5, {"place": 1, "name": None}]
    rows, faults = Sheet(Row, sent).read()
    assert rows == {0: Row(1, "2")}
    assert [one.loc for one in faults] == [["body", 2], ["body", 3, "name"]]
    for odd in ({}, None, "rows", [{}] * 1001):
        with pytest.raises(Invalid):
            Sheet(Row, odd)
