"""The SQL of this plugin."""

from __future__ import annotations

from starbeam.db.lists import List
from starbeam.db.models import Person
from starbeam.db.shape import Shape
from starbeam_hello.schemas import Greeting

PEOPLE = List(
    Shape(Greeting, Person, later={"greeting"}), Person, listed=[Person.login.is_not(None)], for_all=True
)
"""People with a login, by their keys."""
