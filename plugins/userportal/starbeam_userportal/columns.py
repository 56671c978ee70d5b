"""Whether a column that holds a value would read the same with another in it."""

from __future__ import annotations

import struct
from typing import Any

from starbeam.api.database import Column


def same(column: Column | None, old: Any, new: Any) -> bool:
    """Whether a column that holds `old` would read the same with `new` in it."""
    if isinstance(old, float) and isinstance(new, int | float) and column and column.type.startswith("float"):
        return _six_digits(old) == _six_digits(new)
    return bool(old == new)


def _six_digits(value: float) -> str:
    """A number as MariaDB shows a FLOAT: six digits of what single precision leaves of it."""
    return f"{struct.unpack('f', struct.pack('f', value))[0]:.6g}"
