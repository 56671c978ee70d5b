"""Lists: what a Struct of filters must say, and what of it reaches the database."""

from __future__ import annotations

from typing import Annotated

import pytest
from msgspec import Struct
from sqlalchemy import bindparam

from starbeam.db.lists import Asked, Choice, Filters, List, Where, text_in
from starbeam.db.models import Person
from starbeam.db.shape import Shape
from starbeam.http.dependencies import asked
from starbeam.params import Search, query, query_id


class Someone(Struct):
    """A person."""

    login: str | None


class PersonFilters(Filters, frozen=True):
    """Every kind of filter."""

    personId: Annotated[
        int | None, query_id("Person id"), Where(Person.personId == bindparam("personId"))
    ] = None
    search: Annotated[Search, text_in(Person.login, Person.familyName)] = None
    known: Annotated[bool, query("With a login"), Where(Person.login.is_not(None))] = False
    family: Annotated[
        str | None,
        query("Which family"),
        Choice({"a": Person.familyName == "A", "b": Person.familyName == "B"}),
    ] = None


class Bare(Filters, frozen=True):
    """A field that no parameter describes."""

    personId: Annotated[int | None, Where(Person.personId == bindparam("personId"))] = None


def test_a_field_that_is_not_described_is_refused_when_the_module_is_imported() -> None:
    assert list(asked(PersonFilters)) == ["filters"]
    with pytest.raises(TypeError, match=r"Bare\.personId has no description"):
        asked(Bare)


def test_what_is_none_or_false_filters_nothing() -> None:
    assert PersonFilters().asked == Asked()
    assert PersonFilters(known=False, search=None).asked == Asked()
    given = PersonFilters(personId=0, known=True, search="").asked
    assert given == Asked(frozenset({"personId", "known", "search"}))


def test_values_that_choose_sql_are_part_of_what_is_asked() -> None:
    one, other = PersonFilters(family="a").asked, PersonFilters(family="b").asked
    assert one.choice("family") == "a"
    assert one != other
    assert PersonFilters(personId=1).asked == PersonFilters(personId=2).asked


def test_values_are_bound_by_the_names_of_their_fields() -> None:
    values = PersonFilters(personId=7, search="50%", known=True, family="a").values(None)  # type: ignore[arg-type]
    assert values == {"personId": 7, "search": "%50!%%", "known": True}


def test_a_filter_of_free_text_needs_a_condition() -> None:
    class Loose(Filters, frozen=True):
        login: Annotated[str | None, query("A login")] = None

    with pytest.raises(TypeError, match=r"Loose\.login"):
        List(Shape(Someone, Person), Person, Loose)
