"""The form of the runtime options: what differs of what it was opened with is stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from starbeam.api import Faults, Invalid, Refusal
from starbeam.api.database import Reader
from starbeam.api.http import status_of
from starbeam.api.settings import Option
from starbeam.api.web import CHANGED, Field, Show, comes_back, compare, faults_of, in_words, stored, tidy
from starbeam_admin.beamlines import COLUMNS, Row, groups_of, rows_of
from starbeam_admin.options import change_options, sent_values
from starbeam_admin.queries import options
from starbeam_admin.record import Change, Changes
from starbeam_admin.routes import MANAGE_OPTIONS

Texts = dict[str, str]
GROUPS = "beamLineGroups"
PLAIN = (str, bool, int, float)


@get("/admin/options/edit", access=MANAGE_OPTIONS)
async def show_form(
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    declared: NamedDependency[Mapping[str, Option]],
) -> Response[Any]:
    """All options, to be typed over."""
    values = await options.values(reader, declared)
    texts = _texts(declared, values)
    return show("admin/options_form.html", **_shown(declared, texts, texts, rows_of(values[GROUPS])))


@post("/admin/options/edit", access=MANAGE_OPTIONS)
async def send_form(
    request: Request[Any, Any, Any],
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    change: NamedDependency[Changes],
    declared: NamedDependency[Mapping[str, Option]],
) -> Response[Any]:
    """Store what was changed."""
    sent = {name: tidy(f"{value}") for name, value in (await request.form()).items()}
    was = {name: sent.get(f"was.{name}", "") for name in declared}
    texts, rows = {name: sent[name] for name in declared if name in sent}, _typed(sent)
    texts |= {name: was[name] for name in declared if sent.get(f"take.{name}") == "theirs"}
    if await comes_back(request):
        return show("admin/options_form.html", **_shown(declared, texts, was, rows))
    try:
        if rows:
            texts[GROUPS] = _json(groups_of(rows))
        mine = {name: text for name, text in texts.items() if text != was[name]}
        await change(_change, declared, mine, was)
    except Refusal as refused:
        each = faults_of(refused) if isinstance(refused, Invalid) else []
        now = _texts(declared, await options.values(reader, declared))
        theirs = {one: now[one] for one in (f"{fault.loc[-1]}" for fault in each if fault.kind == CHANGED)}
        was |= theirs
        shown = _shown(declared, texts, was, rows) | _wrong(each, refused) | {"theirs": theirs}
        return show("admin/options_form.html", status_code=status_of(type(refused)), **shown)
    return stored(request, request.url.path.removesuffix("/edit"))


async def _change(change: Change, declared: Mapping[str, Option], mine: Texts, was: Texts) -> None:
    """Store what was typed. Raises Faults for what is no value, and for what others changed meanwhile."""
    now = _texts(declared, await options.values(change.writer, declared))
    compare(_fields(declared.values()), mine, was, now)
    values, faults = dict[str, Any](), list[Invalid]()
    for name, text in mine.items():
        try:
            values |= sent_values(declared, {name: _sent(declared[name], text)})
        except Invalid as error:
            faults.append(error)
    if faults:
        raise Faults(faults)
    await change_options(change, declared, values)


def _fields(declared: Iterable[Option]) -> list[Field]:
    return [
        Field(
            name=one.name,
            title=one.title,
            hint=one.description,
            unit="",
            kind="choice" if one.type is bool else "number" if one.type in (int, float) else "long",
            needed=one.type in PLAIN and one.type is not str,
            most=None,
            choices=[("true", "yes"), ("false", "no")] if one.type is bool else [],
            start="",
        )
        for one in declared
    ]


def _texts(declared: Mapping[str, Option], values: Mapping[str, Any]) -> Texts:
    """Values as a form holds them: what is no text, as JSON."""
    return {
        name: tidy(values[name]) if one.type is str else _json(values[name]) for name, one in declared.items()
    }


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _sent(option: Option, text: str) -> Any:
    """What a body of the operation would hold. Raises Invalid for what is no JSON and should be."""
    if option.type in PLAIN:
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise Invalid("This should be JSON", ["body", option.name]) from None


def _typed(sent: Mapping[str, str]) -> list[Row]:
    """The rows of the sheet, as they were typed."""
    found: dict[int, Texts] = {}
    for name, text in sent.items():
        place, _, column = name.partition(".")
        if place.isascii() and place.isdecimal() and len(place) < 4 and column in COLUMNS:
            found.setdefault(int(place), {})[column] = text
    return [found.get(number, {}) for number in range(max(found, default=-1) + 1)]


def _wrong(each: Sequence[Invalid], refused: Refusal) -> dict[str, Any]:
    """What is wrong: by option, and by row and column of the sheet."""
    cells = {
        (one.loc[1], str((*one.loc, "groupName")[2])): in_words(one.sentence)
        for one in each
        if isinstance(one.loc[1], int)
    }
    faults = {str(one.loc[1]): in_words(one.sentence) for one in each if isinstance(one.loc[1], str)}
    return {"cells": cells, "faults": faults, "others": [] if each else [refused.sentence]}


def _shown(declared: Mapping[str, Option], texts: Texts, was: Texts, rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "fields": _fields(one for one in declared.values() if one.name != GROUPS),
        "groups": declared[GROUPS],
        "columns": COLUMNS,
        "rows": rows,
        "texts": texts,
        "hidden": {f"was.{name}": text for name, text in was.items()},
        "cells": {},
        "faults": {},
        "others": [],
        "theirs": {},
    }
