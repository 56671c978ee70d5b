"""The pages of a form: an empty one and that of a row, each shown and sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from starbeam.db.reader import Reader
from starbeam.db.writer import Write
from starbeam.forms import described as forms
from starbeam.forms import storing
from starbeam.forms.described import About, EditOf, Field, FormOf
from starbeam.forms.making import Making, make, makings
from starbeam.http.errors import faults_of, status_of
from starbeam.pages import Show
from starbeam.paging import number_of
from starbeam.refusals import Invalid, Refusal

Asker = Request[Any, Any, Any]
STORED = "starbeam_stored"
"""The cookie that tells the next page which form was stored."""


def form_pages(form: FormOf) -> list[Any]:
    """The handlers of a form: GET and POST of `…/new` below what a row belongs to, and of `…/edit`."""
    return [*_adding(form), *edit_pages(form)]


@dataclass
class _Typed:
    """A form as it is shown, or as somebody sent it."""

    show: Show
    form: EditOf
    about: About
    fields: list[Field]
    makings: Mapping[str, Making]
    row: Any = None
    texts: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, str] = field(default_factory=dict)
    """What it was opened with."""

    @property
    def all_fields(self) -> list[Field]:
        """With those of what may be made in place."""
        return [*self.fields, *(one for making in self.makings.values() for one in making.fields)]

    async def open(self, reader: Reader, texts: Mapping[str, str]) -> None:
        """Hold what a form begins with."""
        self.texts = {one.name: one.start for one in self.all_fields} | dict(texts)
        for name, making in self.makings.items():
            self.hidden[f"after.{name}"] = f"{await storing.newest(reader, making.form)}"

    async def read(self, request: Asker) -> None:
        """Hold what was sent."""
        sent = {name: forms.tidy(f"{value}") for name, value in (await request.form()).items()}
        self.texts = {one.name: sent[one.name] for one in self.all_fields if one.name in sent}
        first = {name: name.partition(".")[0] for name in sent}
        self.hidden = {name: sent[name] for name in sent if first[name] in ("after", "was")}
        for one in self.all_fields:
            if one.by_name and one.name in self.texts:
                self.texts[one.name] = one.value(self.texts[one.name])
            if sent.get(f"take.{one.name}") == "theirs":  # which the form was shown with
                self.texts[one.name] = self.hidden.get(f"was.{one.name}", "")

    def values(self, faults: Mapping[str, str] | None = None, others: Sequence[str] = ()) -> dict[str, Any]:
        """What the template is given."""
        heading = f"New {self.form.title}" if self.row is None else f"Change {self.form.called(self.row)}"
        return {
            "about": self.about,
            "fields": self.fields,
            "makings": self.makings,
            "heading": heading,
            "texts": self.texts,
            "hidden": self.hidden,
            "faults": faults or {},
            "others": others,
            "theirs": {},
            "is_new": self.row is None,
        }

    def clashes(self, refused: Refusal) -> list[Field]:
        """What somebody else has changed too."""
        places = _changed_meanwhile(refused)
        return [one for one in self.fields if one.place in places]

    def shown(self) -> Response[Any]:
        """The form, as it is filled in."""
        return self.show("web/form.html", **self.values())

    def refused(self, refused: Refusal, making: str = "") -> Response[Any]:
        """The form with all that was typed, and what is wrong with it, or with what was to be made for this
        field."""
        known = {one.name for one in self.all_fields}
        faults = faults_by_field(refused, making)
        others = [text for name, text in faults.items() if name not in known]
        others += [] if faults else [refused.sentence]
        theirs = {one.name: one.words(self.hidden[f"was.{one.name}"]) for one in self.clashes(refused)}
        shown = self.values(faults, others) | {"theirs": theirs}
        return self.show("web/form.html", status_code=status_of(type(refused)), **shown)


def _typed(reader: Reader, show: Show, form: EditOf, about: About, row: Any = None) -> _Typed:
    schema = reader.scope.schema
    fields = form.fields(schema, about, change=row is not None)
    return _Typed(show, form, about, fields, makings(form, schema, about), row)


def _adding(form: FormOf) -> list[Any]:
    @get(f"{form.under}/new", access=form.access)
    async def show_new(
        request: Asker, reader: NamedDependency[Reader], show: NamedDependency[Show]
    ) -> Response[Any]:
        """A form for a new one."""
        typed = _typed(reader, show, form, await form.of_parent(reader, _parent(request)))
        typed.hidden["after"] = f"{await storing.newest(reader, form)}"
        await typed.open(reader, {})
        return typed.shown()

    @post(f"{form.under}/new", access=form.access)
    async def send_new(
        request: Asker,
        reader: NamedDependency[Reader],
        write: NamedDependency[Write],
        show: NamedDependency[Show],
    ) -> Response[Any]:
        typed = _typed(reader, show, form, await form.of_parent(reader, _parent(request)))
        await typed.read(request)
        if await comes_back(request):
            return typed.shown()
        if making := await _wanted(request, typed):
            return await _make(reader, write, typed, making, lambda: form.of_parent(reader, _parent(request)))
        body = {**forms.body_of(typed.fields, typed.texts, empty=False), **typed.about.given}
        await reader.rest()
        try:
            forms.check(form.create, typed.fields, body, typed.texts)
            after = number_of(typed.hidden.get("after", "")) or 0
            key = await write.alone(form.alone, storing.add, form, body, after)
        except Refusal as refused:
            return typed.refused(refused)
        below = form.under.replace("{parent:str}", _parent(request))
        root = request.url.path.removesuffix(f"{below}/new")
        return stored(request, f"{root}{form.path}/{key}")

    return [show_new, send_new]


def edit_pages(form: EditOf) -> list[Any]:
    """The handlers of a form for what is there: GET and POST of `…/edit`."""

    @get(f"{form.path}/{{key:int}}/edit", access=form.access)
    async def show_edit(
        reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
    ) -> Response[Any]:
        """A form with what is stored."""
        row = await reader.get(form.rows, key)
        typed = _typed(reader, show, form, await form.of_row(reader, row), row)
        texts = {one.name: forms.text_of(row, one.place) for one in typed.fields}
        typed.hidden = _opened(texts)
        await typed.open(reader, texts)
        return typed.shown()

    @post(f"{form.path}/{{key:int}}/edit", access=form.access)
    async def send_edit(
        request: Asker,
        reader: NamedDependency[Reader],
        write: NamedDependency[Write],
        show: NamedDependency[Show],
        key: FromPath[int],
    ) -> Response[Any]:
        row = await reader.get(form.rows, key)
        typed = _typed(reader, show, form, await form.of_row(reader, row), row)
        await typed.read(request)
        if await comes_back(request):
            return typed.shown()
        if making := await _wanted(request, typed):
            return await _make(reader, write, typed, making, lambda: form.of_row(reader, row))
        was = {one.name: typed.hidden.get(f"was.{one.name}", "") for one in typed.fields}
        mine = {name: typed.texts[name] for name in was if typed.texts.get(name, was[name]) != was[name]}
        await reader.rest()
        try:
            await write.alone(form.alone, storing.change, form, key, typed.fields, mine, was)
        except Refusal as refused:
            clashes = typed.clashes(refused)
            typed.hidden |= _opened({one.name: forms.text_of(row, one.place) for one in clashes})
            return typed.refused(refused)
        return stored(request, request.url.path.removesuffix("/edit"))

    return [show_edit, send_edit]


async def _wanted(request: Asker, typed: _Typed) -> Making | None:
    """What is to be made in place, where that button was pressed."""
    return typed.makings.get(f"{(await request.form()).get('make', '')}")


async def _make(
    reader: Reader, write: Write, typed: _Typed, making: Making, ask: Callable[[], Awaitable[About]]
) -> Response[Any]:
    """Make a new one of what a field chooses among, and show the form with it chosen: nothing of the form
    itself is stored yet."""
    after = number_of(typed.hidden.get(f"after.{making.name}", "")) or 0
    await reader.rest()
    try:
        key = await write.alone(making.form.alone, make, making, typed.texts, after)
    except Refusal as refused:
        return typed.refused(refused, making.name)
    again = _typed(reader, typed.show, typed.form, await ask(), typed.row)
    again.hidden = typed.hidden
    made = {one.name: one.start for one in making.fields} | {making.name: f"{key}"}
    again.texts = typed.texts | made
    return again.shown()


def stored(request: Asker, address: str) -> Redirect:
    """What a form is answered that was stored: the page at this address, which says so once, and lets the
    browser forget what was typed."""
    answer = Redirect(address, status_code=303)
    secure = request.url.scheme == "https"
    kept: Any = {"httponly": True, "samesite": "lax", "secure": secure, "max_age": 60}
    answer.set_cookie(STORED, quote(request.url.path), path=quote(address), **kept)
    return answer


def faults_by_field(refused: Refusal, making: str = "") -> dict[str, str]:
    """What is wrong, by names of fields, or of those of what was to be made for this field."""
    each = faults_of(refused) if isinstance(refused, Invalid) else []
    within = [making] if making else []
    places = [(one, ".".join(map(str, [*within, *one.loc[1:]]))) for one in each if one.loc]
    return {name: forms.in_words(one.sentence.rstrip(".")) for one, name in places}


async def comes_back(request: Asker) -> bool:
    """Whether a form comes back after a log-in that it was sent without: it is shown as it was typed, and
    nothing is stored."""
    return "again" in await request.form()


def _parent(request: Asker) -> str:
    """What the address says that a new one belongs to."""
    return str(request.path_params.get("parent", ""))


def _changed_meanwhile(refused: Refusal) -> list[list[str | int]]:
    """The places of fields that somebody else has changed."""
    each = faults_of(refused) if isinstance(refused, Invalid) else []
    return [list(one.loc[1:]) for one in each if one.kind == forms.CHANGED]


def _opened(texts: Mapping[str, str]) -> dict[str, str]:
    return {f"was.{name}": text for name, text in texts.items()}
