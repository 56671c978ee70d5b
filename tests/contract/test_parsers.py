"""What is made of texts that others write: what they mean, or a refusal, and never another error."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Any

import jwt
import msgspec
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from msgspec import Meta

from starbeam.auth.tokens import Tokens
from starbeam.conversion import parsed
from starbeam.db.sqlite import as_datetime
from starbeam.http.addresses import ClientAddress
from starbeam.paging import LARGEST, number_of
from starbeam.refusals import Invalid, Unauthenticated
from starbeam.settings import Auth, SettingsError, load
from starbeam.sheets import Sheet
from starbeam_data.protocol import SLOT
from starbeam_data.reader.refusal import Refusal as NotThere
from starbeam_data.reader.slabs import blocks, chosen
from starbeam_data.routes.requests import parts
from starbeam_em_legacy.routes import _keys
from starbeam_events.cursors import Cursors, Position
from starbeam_processing.routes import collection_ids
from support.commands import SECRET
from support.tried import tried

ANY = st.text(max_size=30)
LINES = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=12)


# Selections of data sets


def written(part: int | slice) -> str:
    """An index or a slice as one writes it."""
    if isinstance(part, int):
        return str(part)
    return ":".join("" if one is None else str(one) for one in (part.start, part.stop, part.step))


@st.composite
def selections(draw: st.DrawFn) -> tuple[tuple[int, ...], list[int | slice]]:
    """The shape of an array, and what to take along some of its axes."""
    shape = draw(array_shapes(max_dims=4, max_side=6))
    ends = st.none() | st.integers(-9, 9)
    taken = [
        draw(st.integers(-side, side - 1) | st.builds(slice, ends, ends, st.none() | st.integers(1, 4)))
        for side in shape[: draw(st.integers(1, len(shape)))]
    ]
    return shape, taken


@tried(60)
@given(selections(), st.integers(1, 2 * SLOT))
def test_a_selection_takes_what_numpy_takes(
    given_: tuple[tuple[int, ...], list[int | slice]], itemsize: int
) -> None:
    shape, taken = given_
    values = np.arange(np.prod(shape)).reshape(shape)
    slab, kept = chosen(parts(",".join(map(written, taken))), shape)
    assert values[np.ix_(*slab)].reshape(kept).tolist() == values[tuple(taken)].tolist()
    pieces = list(blocks(slab, itemsize))
    assert all(itemsize > SLOT or np.prod([*map(len, one)]) * itemsize <= SLOT for one in pieces)
    found = [values[np.ix_(*one)].ravel() for one in pieces]
    assert np.concatenate(found).tolist() == values[np.ix_(*slab)].ravel().tolist()


@tried(80)
@given(ANY | st.text("0123456789-:, ", max_size=20), array_shapes(max_dims=3))
def test_what_is_no_selection_is_refused(text: str, shape: tuple[int, ...]) -> None:
    try:
        slab, _ = chosen(parts(text), shape)
    except (Invalid, NotThere):
        return
    assert all(0 <= place < side for taken, side in zip(slab, shape, strict=True) for place in taken)


# Cursors, lists of ids, numbers


@tried(50)
@given(st.builds(Position, st.none() | ANY, ANY, st.integers(-LARGEST, LARGEST)), st.data())
def test_a_cursor_is_what_was_given_or_nothing(position: Position, data: st.DataObject) -> None:
    cursors = Cursors(SECRET)
    given_ = cursors.write(position)
    assert cursors.read(given_) == position
    place, letter = data.draw(st.integers(0, len(given_) - 1)), data.draw(st.characters())
    for wrong in (given_[:place] + letter + given_[place + 1 :], given_[:place], given_ + letter):
        assume(wrong != given_)
        with pytest.raises(Invalid):
            cursors.read(wrong)
    with pytest.raises(Invalid):
        Cursors("another secret that is as long as this").read(given_)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(ANY, below, max_size=3),
    max_leaves=6,
)


@tried(50)
@given(st.lists(st.integers()), JSON, ANY)
@example([], "[" * 100_000, "[" * 100_000)
@example([], 0, "[" + "9" * 5000 + "]")
def test_ids_in_a_list(ids: list[int], other: Any, text: str) -> None:
    assert collection_ids(json.dumps(ids)) == [one for one in ids if 0 < one <= LARGEST]
    natural = [abs(one) for one in ids] or [0]
    assert _keys(" , ".join(map(str, natural))) == [one for one in natural if one < 10**18]
    for wrong in (json.dumps(other), text):
        for read in (collection_ids, _keys):
            try:
                found = read(wrong)
            except Invalid:
                continue
            assert all(type(one) is int and 0 <= one <= LARGEST for one in found)


@tried(50)
@given(st.integers(0, 10**20), ANY)
def test_a_number_in_a_path(number: int, text: str) -> None:
    assert number_of(str(number)) == (number if number < 10**18 else None)
    if (found := number_of(text)) is not None:
        assert found == int(text)


# Dates


@tried(60)
@given(st.datetimes(datetime(1000, 1, 1)), st.integers(-23 * 60, 23 * 60), ANY)
def test_a_time_is_what_it_says(when: datetime, minutes: int, text: str) -> None:
    zoned = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parsed(when.isoformat(), datetime, []) == when
    assert parsed(zoned.isoformat(" "), datetime, []) == zoned
    whole = when.replace(microsecond=0)
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S.000Z"):
        assert as_datetime(f"{whole:{pattern}}") == whole.isoformat(" ")
    assert as_datetime(f"{whole:%Y%m%d}") == whole.replace(hour=0, minute=0, second=0).isoformat(" ")
    found = as_datetime(text)
    assert found is None or datetime.fromisoformat(found)


# Bodies


class Row(msgspec.Struct, frozen=True):
    """What a row of a sheet holds."""

    place: Annotated[int, Meta(title="Position")]
    name: Annotated[str, Meta(title="Name of it")]
    size: Annotated[float | None, Meta(title="Size X")] = None


CELLS = LINES.map(str.strip).filter(bool)
ROWS = st.lists(st.builds(Row, st.integers(-LARGEST, LARGEST), CELLS, st.floats(allow_nan=False, width=32)))
NAMED = {"place": ("place", "Position", " POSITION"), "name": ("name", "Name of it", "name_OF_it")}


@tried(50)
@given(ROWS, st.sampled_from(",;\t"), st.sampled_from(["utf-8", "utf-8-sig"]), st.integers(0, 2), st.data())
def test_a_sheet_holds_what_was_written(
    rows: list[Row], delimiter: str, encoding: str, how: int, data: st.DataObject
) -> None:
    assume(all(abs(row.size or 0) != float("inf") for row in rows))
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    order = data.draw(st.permutations(["place", "name", "size"]))
    writer.writerow([NAMED.get(name, ("size",) * 3)[how] for name in order])
    writer.writerows([getattr(row, name) for name in order] for row in rows)
    found, faults = Sheet.of_csv(Row, file.getvalue().encode(encoding)).read()
    assert (found, faults) == (dict(enumerate(rows, 2)), [])


@tried(60)
@given(st.binary(max_size=80) | ANY.map(lambda text: f"place,name\n{text}".encode(errors="replace")))
@example(b"place,name\n1," + b"x" * 200_000)
@example(b'place,name\n1,"' + b"x" * 200_000)
@example(b"place,name\n" + b"9" * 5000 + b",a")
@example(b"place,name\n1,\0")
def test_what_is_no_sheet_is_refused(sent: bytes) -> None:
    try:
        rows, faults = Sheet.of_csv(Row, sent).read()
    except Invalid:
        return
    assert not {*rows} & {one.loc[1] for one in faults}


class Body(msgspec.Struct):
    """A body with a field of each kind."""

    number: int | None = None
    size: float | None = None
    flag: bool | None = None
    text: str | None = None
    day: datetime | None = None
    rows: list[Row] | None = None


FIELDS = st.dictionaries(st.sampled_from(Body.__struct_fields__), JSON) | JSON


@tried(80)
@given(FIELDS)
@example({"number": "9" * 5000})
@example({"number": 1e400, "day": 1e308})
@example({"day": "2026-01-01T00:00:00+99:99"})
@example({"day": "0000-00-00 00:00"})
def test_a_body_is_taken_or_refused_and_what_is_taken_means_the_same_again(sent: Any) -> None:
    try:
        found = parsed(sent, Body, ["body"])
    except Invalid:
        return
    assert parsed(msgspec.to_builtins(found), Body, ["body"]) == found


# Tokens


@tried(30)
@given(ANY, st.integers(0, LARGEST), st.lists(ANY), st.data())
def test_a_token_says_what_it_was_made_of_or_nothing(
    login: str, person: int, permissions: list[str], data: st.DataObject
) -> None:
    assume(login.isprintable())
    tokens = Tokens(Auth(secret_key=SECRET))
    made = tokens.make(login, person, permissions)
    said = tokens.read(made)
    assert (said.login, said.personId, said.permissions) == (login, person, sorted(permissions))
    place = data.draw(st.integers(0, len(made) - 2))  # the last letter holds bits that say nothing
    letter = data.draw(st.characters() | st.sampled_from("Aa_-."))
    assume(made[place] != letter)
    for wrong in (made[:place] + letter + made[place + 1 :], made[:place], made + letter):
        with pytest.raises(Unauthenticated):
            tokens.read(wrong)


@tried(50)
@given(ANY | st.text("eyJ._-", max_size=40), st.dictionaries(ANY, JSON, max_size=3))
def test_what_this_key_signed_and_yet_says_nothing_is_no_token(text: str, claims: dict[str, Any]) -> None:
    tokens = Tokens(Auth(secret_key=SECRET))
    body = json.dumps({**claims, "exp": time.time() + 60}).encode(errors="surrogatepass")
    for wrong in (text, jwt.PyJWS().encode(body, SECRET, "HS256")):
        with pytest.raises(Unauthenticated):
            tokens.read(wrong)


# Who asks


@tried(60)
@given(st.lists(st.tuples(st.sampled_from(["x-forwarded-for", "forwarded", "x-forwarded-proto"]), ANY)))
@example([("forwarded", 'for="[2001:db8::9]:4711";proto=https')])
def test_whom_proxies_name(sent: list[tuple[str, str]]) -> None:
    """Somebody, whatever they say; who is no proxy of ours names nobody."""
    headers = [(name.encode(), text.encode(errors="replace")) for name, text in sent]
    scope: Any = {"client": ("127.0.0.1", 1), "headers": headers, "scheme": "http"}
    assert ClientAddress(["127.0.0.1"]).of(scope)
    assert ClientAddress(["127.0.0.1"]).scheme_of(scope) in ("http", "https")
    assert ClientAddress(["10.0.0.1"]).of(scope) == "127.0.0.1"


# Configuration


KEYS = st.sampled_from(["server", "auth", "files", "database", "plugins", "plugin", "other"])
WORDS = st.sampled_from(["port", "host", "url", "roots", "enabled", "secret_key", "backends", "use", "x"])
VALUES = st.sampled_from(
    ["1", "-1", '""', '"a"', "[]", "[1]", "{}", "nan", "1979-05-27", "true", "'\\'", "9" * 30]
)
FILES = st.lists(
    st.builds("[{}]\n{} = {}\n".format, KEYS, WORDS, VALUES)
    | st.builds("{}.{} = {}\n".format, KEYS, WORDS, VALUES)
    | ANY
).map("".join)


@tried(30)
@given(st.binary(max_size=60) | FILES.map(lambda text: text.encode(errors="replace")), ANY)
@example(b"x = " + b"[" * 20_000, "1")
@example(b"x = " + b"9" * 5000, "9" * 5000)
def test_a_configuration_is_taken_or_told_what_is_wrong(tmp_path: Path, content: bytes, text: str) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes(content)
    for name in ("STARBEAM_SERVER__PORT", "STARBEAM_SERVER__TRUSTED_PROXIES", "STARBEAM_AUTH__BACKENDS__A"):
        try:
            found = load(file, {name: text})
        except SettingsError:
            continue
        assert 0 < found.settings.server.port < 65536
