"""Values of bodies in other types than the body has: taken and refused as pydantic 1.10 did, whose answers
these are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import msgspec
import pytest
from msgspec import inspect

from starbeam.conversion import converted
from starbeam.refusals import Invalid

TIME = datetime(2026, 11, 28, 15, 25, 10)
REFUSED = object()
MEANT: dict[Any, list[tuple[Any, Any]]] = {
    str: [
        (12, "12"),
        (1.5, "1.5"),
        (True, "True"),
        (" a ", " a "),
        ([], REFUSED),
        ({}, REFUSED),
        (None, REFUSED),
    ],
    int: [
        ("12", 12),
        (" 12 ", 12),
        ("+7", 7),
        ("007", 7),
        ("1_000", 1000),
        (3.0, 3),
        (3.9, 3),
        (-3.9, -3),
        (True, 1),
        (False, 0),
        ("1e3", REFUSED),
        ("3.0", REFUSED),
        ("0x10", REFUSED),
        ("", REFUSED),
        ("null", REFUSED),
        ("true", REFUSED),
        ([1], REFUSED),
    ],
    float: [
        ("1e3", 1000.0),
        (" 2.5 ", 2.5),
        (4, 4.0),
        (True, 1.0),
        ("", REFUSED),
        ("2,5", REFUSED),
        ({}, REFUSED),
    ],
    bool: [
        (1, True),
        (0, False),
        (1.0, True),
        ("1", True),
        ("YES", True),
        ("on", True),
        ("t", True),
        ("n", False),
        ("Off", False),
        (2, REFUSED),
        (0.5, REFUSED),
        (" true ", REFUSED),
        ("maybe", REFUSED),
        ("", REFUSED),
        ([], REFUSED),
    ],
    datetime: [
        ("2026-11-28T15:25:10", TIME),
        ("2026-11-28 15:25:10", TIME),
        ("2026-11-28 15:25", TIME.replace(second=0)),
        ("2026-1-2T3:04:05", datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-11-28T15:25:10.5", TIME.replace(microsecond=500_000)),
        ("2026-11-28T15:25:10.1234567", TIME.replace(microsecond=123_456)),
        ("2026-11-28T15:25:10Z", TIME.replace(tzinfo=UTC)),
        ("2026-11-28 15:25:10+02", TIME.replace(tzinfo=timezone(timedelta(hours=2)))),
        ("2026-11-28T15:25:10-0330", TIME.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
        (1764343510, datetime(2025, 11, 28, 15, 25, 10, tzinfo=UTC)),
        (1764343510000, datetime(2025, 11, 28, 15, 25, 10, tzinfo=UTC)),
        ("1764343510.5", datetime(2025, 11, 28, 15, 25, 10, 500_000, tzinfo=UTC)),
        ("2026-11-28", REFUSED),
        ("28.11.2026 15:25", REFUSED),
        ("2026-02-30T00:00:00", REFUSED),
        ("2026-11-28T24:00:00", REFUSED),
        ("0000-00-00 00:00:00", REFUSED),
        ("", REFUSED),
        ([], REFUSED),
    ],
    Literal["GREEN", 5]: [("GREEN", "GREEN"), (5, 5), ("green", REFUSED), (6, REFUSED), (True, REFUSED)],
    list[int]: [(["1", 2.0], [1, 2]), ([None], REFUSED), ("1", REFUSED), (1, REFUSED), ({"1": 1}, REFUSED)],
    dict[str, float]: [({"a": "1.5"}, {"a": 1.5}), ({"a": "x"}, REFUSED), ([], REFUSED)],
    int | None: [(None, None), ("4", 4), ("null", REFUSED), ("", REFUSED)],
    str | None: [(None, None), ("null", "null"), (4, "4")],
}


@pytest.mark.parametrize("type_of", MEANT, ids=str)
def test_a_value_is_what_it_was_taken_for(type_of: Any) -> None:
    def taken(sent: Any) -> Any:
        try:
            value = msgspec.convert(
                converted(sent, inspect.type_info(type_of), ["body"]), type_of, strict=False, str_keys=True
            )
        except (Invalid, msgspec.ValidationError):
            return REFUSED
        return value, type(value)

    found = [(sent, taken(sent)) for sent, _ in MEANT[type_of]]
    assert found == [
        (sent, wanted if wanted is REFUSED else (wanted, type(wanted))) for sent, wanted in MEANT[type_of]
    ]


@pytest.mark.parametrize("word", ["nan", "inf", "-Infinity"])
def test_what_no_column_holds_is_no_number(word: str) -> None:
    with pytest.raises(Invalid, match="Value should be a number"):
        converted(word, inspect.type_info(float), ["body"])
