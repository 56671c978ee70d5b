"""The SQL of this plugin."""

from __future__ import annotations

from starbeam.api.database import Shape
from starbeam.api.lists import List
from starbeam.api.models import Person
from starbeam_hello.schemas import Greeting

PEOPLE = List(
    Shape(Greeting, Person, later={"greeting"}), Person, listed=[Person.login.is_not(None)], for_all=True
)
"""People with a login, by their keys."""
