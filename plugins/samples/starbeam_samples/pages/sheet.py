"""The page on which the samples of a container are typed as a sheet, or sent as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Faults, Invalid, Missing, Refusal, authenticated
from starbeam.api.database import Reader, Sheet, Write, Writer
from starbeam.api.http import status_of
from starbeam.api.lists import LARGEST, number_of
from starbeam.api.web import CHANGED, Show, comes_back, faults_of, in_words, stored, tidy
from starbeam_samples.changes import containers
from starbeam_samples.changes.rules import NO_CONTAINER
from starbeam_samples.forms import proteins_of
from starbeam_samples.layouts import positions_of
from starbeam_samples.pages import making
from starbeam_samples.queries import belonging
from starbeam_samples.schemas import ContainerFilled, ContainerSample

Asker = Request[Any, Any, Any]
COLUMNS = {"name": "Name", "acronym": "Protein", "comments": "Comments"}
Cells = dict[int, dict[str, str]]
"""What is typed, by position and column."""
MOST_PLACES = 10_000
"""Positions are below this."""


@get("/containers/{key:int}/sheet", access=authenticated)
async def show_sheet(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """The samples of a container, to be typed over."""
    container = await _container(reader, key)
    there = _cells(await reader.rows(belonging.sheet(), key=key))
    return show("samples/sheet.html", **await _shown(reader, key, container, there, there))


@post("/containers/{key:int}/sheet", access=authenticated)
async def send_sheet(
    request: Asker,
    reader: NamedDependency[Reader],
    write: NamedDependency[Write],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """Store what was typed, or the rows of a file; with `check` nothing is stored."""
    container = await _container(reader, key)
    form = await request.form()
    typed, was = _typed(form, ""), _typed(form, "was.")
    typed |= {place: was.get(place, _empty()) for place in typed if form.get(f"take.{place}") == "theirs"}
    dry = "check" in form
    shown = await _shown(reader, key, container, typed, was)
    making.hold(shown, form)
    if await comes_back(request):
        return show("samples/sheet.html", **shown)
    file = form.get("file")
    await reader.rest()
    if "make" in form:
        refused = await making.make_protein(write, shown, form)
        shown |= refused or await _shown(reader, key, container, typed, was)
        return show("samples/sheet.html", status_code=422 if refused else 200, **shown)
    try:
        if isinstance(file, UploadFile) and (content := await file.read()):
            sheet = Sheet.of_csv(ContainerSample, content)
            outcome = await write(containers.fill, key, sheet, dry)
        else:
            outcome = await write(_fill, key, typed, was, dry)
    except Refusal as refused:
        now = _cells(await reader.rows(belonging.sheet(), key=key))
        theirs = {place: now.get(place, _empty()) for place in _clashes(refused)}
        was |= theirs  # who stores again has seen it
        shown |= _wrong(refused) | {"theirs": theirs}
        return show("samples/sheet.html", status_code=status_of(type(refused)), **shown)
    if dry:
        return show("samples/sheet.html", **shown | {"outcome": outcome})
    return stored(request, request.url.path.removesuffix("/sheet"))


def _clashes(refused: Refusal) -> list[int]:
    """The positions that somebody else has changed too."""
    each = faults_of(refused) if isinstance(refused, Invalid) else []
    return [int(one.loc[1]) for one in each if one.kind == CHANGED]


async def _container(reader: Reader, key: int) -> Any:
    """Its proposal, type, capacity and name. Raises Missing where the caller sees none."""
    if abs(key) > LARGEST:
        raise Missing(NO_CONTAINER)
    return await reader.first(belonging.container(), NO_CONTAINER, key=key)


async def _fill(writer: Writer, key: int, typed: Cells, was: Cells, dry: bool) -> ContainerFilled:
    """Store the rows that differ of what the sheet was opened with. Raises Faults for those that others
    changed too."""
    await writer.rows(belonging.lock_by_container(), key=key)
    now = _cells(await writer.rows(belonging.sheet(), key=key))
    told = list[Invalid]()
    mine = {place: row for place, row in typed.items() if row != was.get(place, _empty())}
    for place, row in mine.items():
        there = now.get(place, _empty())
        if there != was.get(place, _empty()) and _folded(there) != _folded(row):
            told.append(Invalid(f"Changed meanwhile: {_said(there)}", ["body", place, "name"], CHANGED))
    if told:
        raise Faults(told)
    rows = [_row(place, row, now.get(place)) for place, row in mine.items()]
    try:
        return await containers.fill(writer, key, Sheet(ContainerSample, rows), dry)
    except Faults as error:
        places = [*mine]
        raise Faults(
            [Invalid(one.sentence, ["body", places[int(one.loc[1])], *one.loc[2:]]) for one in error.each]
        ) from None


def _row(place: int, row: Mapping[str, str], present: Mapping[str, str] | None) -> dict[str, Any]:
    """A row as the operation takes it: an empty comment empties what is there."""
    found: dict[str, Any] = {"location": place, **{name: text for name, text in row.items() if text}}
    if present and present["comments"] and not row["comments"]:
        found["comments"] = None
    return found


def _said(row: Mapping[str, str]) -> str:
    if not any(row.values()):
        return "it is empty now. Store again to keep yours"
    return f"it holds {row['name']} of {row['acronym'] or 'no protein'} now. Store again to keep yours"


def _folded(row: Mapping[str, str]) -> dict[str, str]:
    """A row as the operation compares it: an acronym in any case."""
    return {**row, "acronym": row["acronym"].casefold()}


def _empty() -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "")


def _cells(rows: Any) -> Cells:
    """The samples that are there, by positions; of several at one the first."""
    found: Cells = {}
    for row in rows:
        if (place := number_of(row.location or "")) is not None:
            cells = {"name": row.name or "", "acronym": row.acronym or "", "comments": row.comments or ""}
            found.setdefault(place, {name: tidy(text) for name, text in cells.items()})
    return found


def _typed(form: Any, prefix: str) -> Cells:
    """What a form holds of each position."""
    found: Cells = {}
    for name, value in form.items():
        digits, _, column = name.removeprefix(prefix).partition(".")
        place = number_of(digits)
        if name.startswith(prefix) and column in COLUMNS and place is not None and place < MOST_PLACES:
            found.setdefault(place, _empty())[column] = tidy(f"{value}")
    return found


def _wrong(refused: Refusal) -> dict[str, Any]:
    """What is wrong, by row and column."""
    each = faults_of(refused) if isinstance(refused, Invalid) else []
    cells = {
        (one.loc[1], str((*one.loc, "name")[2])): in_words(one.sentence) for one in each if len(one.loc) > 1
    }
    others = [] if cells else [refused.sentence]
    return {"faults": cells, "others": others}


async def _shown(reader: Reader, key: int, container: Any, typed: Cells, was: Cells) -> dict[str, Any]:
    last = positions_of(container.containerType, container.capacity) or 0
    places = sorted({*range(1, min(last, 400) + 1), *typed} or {*range(1, 17)})
    return {
        "key": key,
        "code": container.code,
        "positions": places,
        "columns": COLUMNS,
        "typed": typed,
        "was": was,
        "proteins": await proteins_of(reader, container.proposalId),
        "faults": {},
        "others": [],
        "theirs": {},
        "outcome": None,
        **await making.begin(reader, container.proposalId),
    }
