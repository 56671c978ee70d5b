"""The table in the documentation: a line for each request, replaced where it is measured again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.everything.reasons import why

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "costs.md"
"""Where the table stands."""
COLUMNS = (
    *("operation", "address", "statements", "rows read", "rows, tenth", "first ms"),
    *("worker ms", "database ms", "pages", "of the floor", "why", "growth"),
    *("requests/s", "p50 ms", "p99 ms", "member ms", "nobody ms", "SQLite ms", "Diamond ms"),
)
"""What is measured; README.md of the benchmarks says how."""
_MARKS = "<!-- table -->"

Lines = Mapping[tuple[str, str], Mapping[str, str]]
"""Cells by operation and address."""


def read() -> dict[tuple[str, str], dict[str, str]]:
    """The lines of the page."""
    return dict(_lines(PAGE.read_text(encoding="utf-8").splitlines()))


def _lines(page: Iterable[str]) -> Iterable[tuple[tuple[str, str], dict[str, str]]]:
    for line in page:
        cells = [cell.strip().strip("`") for cell in line.removeprefix("| ").removesuffix(" |").split(" | ")]
        if line.startswith("| `"):
            row = dict(zip(COLUMNS, cells, strict=True))
            yield (row["operation"], row["address"]), row


def write(measured: Lines, known: set[str]) -> None:
    """Put lines into the page, and drop those of operations that are not known any more."""
    lines = {key: row for key, row in read().items() if key[0] in known}
    asked_again = {operation for operation, _ in measured}
    lines = {key: row for key, row in lines.items() if key[0] not in asked_again or key in measured}
    for key, row in measured.items():
        lines[key] = {**lines.get(key, {}), **row}
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(_MARKS)
    headings = f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * 2 + " ---: |" * (len(COLUMNS) - 2)
    rows = (_row(lines[key]) for key in sorted(lines, key=lambda key: (key[0].split(" ")[1], key)))
    PAGE.write_text("\n".join([head + _MARKS, "", *headings, *rows, ""]), encoding="utf-8")


def _row(cells: Mapping[str, str]) -> str:
    measured = {name: cells.get(name, "") for name in COLUMNS}
    shown = [*{**measured, "why": why(measured)}.values()]
    return f"| `{shown[0]}` | `{shown[1]}` | {' | '.join(shown[2:])} |"
