"""The pages of a form: an empty one and that of a row, each shown and sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from starbeam import forms
from starbeam.db.reader import Reader
from starbeam.db.writer import Write
from starbeam.forms import About, Field, FormOf
from starbeam.http.errors import faults_of, status_of
from starbeam.pages import Show
from starbeam.paging import number_of
from starbeam.refusals import Invalid, Refusal

Asker = Request[Any, Any, Any]


def form_pages(form: FormOf) -> list[Any]:
    """The handlers of a form: GET and POST of `…/new` below what a row belongs to, and of `…/edit`."""
    return [*_adding(form), *_changing(form)]


def _adding(form: FormOf) -> list[Any]:
    @get(f"{form.under}/new", access=form.access)
    async def show_new(
        request: Asker, reader: NamedDependency[Reader], show: NamedDependency[Show]
    ) -> Response[Any]:
        about = await form.of_parent(reader, _parent(request))
        fields = form.fields(reader.scope.schema, about, change=False)
        texts = {one.name: one.start for one in fields}
        hidden = {"after": f"{await forms.newest(reader, form)}"}
        return show("web/form.html", **_shown(form, about, fields, texts, hidden))

    @post(f"{form.under}/new", access=form.access)
    async def send_new(
        request: Asker,
        reader: NamedDependency[Reader],
        write: NamedDependency[Write],
        show: NamedDependency[Show],
    ) -> Response[Any]:
        about = await form.of_parent(reader, _parent(request))
        fields = form.fields(reader.scope.schema, about, change=False)
        texts, hidden = await _sent(request, fields)
        if await comes_back(request):
            return show("web/form.html", **_shown(form, about, fields, texts, hidden))
        body = {**forms.body_of(fields, texts, empty=False), **about.given}
        await reader.rest()
        try:
            forms.check(form.create, fields, body, texts)
            key = await write.alone(
                form.alone, forms.add, form, body, number_of(hidden.get("after", "")) or 0
            )
        except Refusal as refused:
            return _again(show, form, about, fields, texts, hidden, refused)
        below = form.under.replace("{parent:str}", _parent(request))
        root = request.url.path.removesuffix(f"{below}/new")
        return Redirect(f"{root}{form.path}/{key}", status_code=303)

    return [show_new, send_new]


def _changing(form: FormOf) -> list[Any]:
    @get(f"{form.path}/{{key:int}}/edit", access=form.access)
    async def show_edit(
        reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
    ) -> Response[Any]:
        row = await reader.get(form.rows, key)
        about = await form.of_row(reader, row)
        fields = form.fields(reader.scope.schema, about, change=True)
        texts = {one.name: forms.text_of(row, one.place) for one in fields}
        return show("web/form.html", **_shown(form, about, fields, texts, _opened(texts), row=row))

    @post(f"{form.path}/{{key:int}}/edit", access=form.access)
    async def send_edit(
        request: Asker,
        reader: NamedDependency[Reader],
        write: NamedDependency[Write],
        show: NamedDependency[Show],
        key: FromPath[int],
    ) -> Response[Any]:
        row = await reader.get(form.rows, key)
        about = await form.of_row(reader, row)
        fields = form.fields(reader.scope.schema, about, change=True)
        texts, hidden = await _sent(request, fields)
        if await comes_back(request):
            return show("web/form.html", **_shown(form, about, fields, texts, hidden, row=row))
        was = {one.name: hidden.get(f"was.{one.name}", "") for one in fields}
        mine = {name: text for name, text in texts.items() if text != was[name]}
        await reader.rest()
        try:
            await write.alone(form.alone, forms.change, form, key, fields, mine, was)
        except Refusal as refused:
            clashes = [one for one in fields if one.place in _changed_meanwhile(refused)]
            hidden |= _opened({one.name: forms.text_of(row, one.place) for one in clashes})
            return _again(show, form, about, fields, texts, hidden, refused, row=row)
        return Redirect(request.url.path.removesuffix("/edit"), status_code=303)

    return [show_edit, send_edit]


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


async def _sent(request: Asker, fields: list[Field]) -> tuple[dict[str, str], dict[str, str]]:
    """What was typed, and what the form was opened with."""
    sent = {name: forms.tidy(f"{value}") for name, value in (await request.form()).items()}
    texts = {one.name: sent[one.name] for one in fields if one.name in sent}
    hidden = {name: text for name, text in sent.items() if name == "after" or name.startswith("was.")}
    return texts, hidden


def _opened(texts: Mapping[str, str]) -> dict[str, str]:
    return {f"was.{name}": text for name, text in texts.items()}


def _again(
    show: Show,
    form: FormOf,
    about: About,
    fields: list[Field],
    texts: Mapping[str, str],
    hidden: Mapping[str, str],
    refused: Refusal,
    row: Any = None,
) -> Response[Any]:
    """The form with all that was typed, and what is wrong with it."""
    each = faults_of(refused) if isinstance(refused, Invalid) else []
    known = {one.name for one in fields}
    faults = {
        ".".join(map(str, one.loc[1:])): forms.in_words(one.sentence.rstrip(".")) for one in each if one.loc
    }
    others = [text for name, text in faults.items() if name not in known]
    others += [] if faults else [refused.sentence]
    shown = _shown(form, about, fields, texts, hidden, faults, others, row)
    return show("web/form.html", status_code=status_of(type(refused)), **shown)


def _shown(
    form: FormOf,
    about: About,
    fields: list[Field],
    texts: Mapping[str, str],
    hidden: Mapping[str, str],
    faults: Mapping[str, str] | None = None,
    others: list[str] | None = None,
    row: Any = None,
) -> dict[str, Any]:
    heading = f"New {form.title}" if row is None else f"Change {form.called(row)}"
    return {
        "about": about,
        "fields": fields,
        "heading": heading,
        "texts": texts,
        "hidden": hidden,
        "faults": faults or {},
        "others": others or [],
        "is_new": row is None,
    }
