"""Persons and their laboratories: who is who, and what changes. Free of SQL and HTTP."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

from starbeam.api.models import Laboratory, Person
from starbeam_ispyb.schemas import LaboratoryCreate
from starbeam_userportal.rows import Index, Plan, Values, external_key
from starbeam_userportal.schemas import PersonProposalLaboratory

E = TypeVar("E", bound=PersonProposalLaboratory)

PERSON_UPDATES = {"givenName", "familyName", "emailAddress", "phoneNumber"}
"""What is written of a person that exists."""
PLACE: tuple[Any, ...] = (Laboratory.name, Laboratory.city, Laboratory.country)
"""What a laboratory without a key of its own is found by."""
LABORATORY_UPDATES = {"name", "address", "city", "country"}
"""What is written of a laboratory that exists."""


def merged(entries: Iterable[E], values: Values) -> list[E]:
    """The entries of one list, where those of one person count once and the last one wins, in the place of
    the first."""
    people: list[E] = []
    places: dict[Hashable, int] = {}
    for entry in entries:
        keys = [
            (kind, key)
            for kind, key in (
                ("id", external_key(entry.externalId)),
                ("login", values.key(Person.login, entry.login)),
            )
            if key is not None
        ]
        place = next((places[key] for key in keys if key in places), len(people))
        people[place : place + 1] = [entry]
        places |= dict.fromkeys(keys, place)
    return people


def person_name(entry: PersonProposalLaboratory) -> str:
    """What to call a person in a message."""
    return entry.login if isinstance(entry.login, str) and entry.login else str(entry.externalId)


class People:
    """The persons and laboratories that a document may mean."""

    def __init__(
        self, plan: Plan, values: Values, persons: Sequence[Person], laboratories: Sequence[Laboratory]
    ) -> None:
        self._plan, self._values = plan, values
        self._by_id = Index[Person](lambda person: person.externalId, persons)
        self._by_login = Index[Person](self._login, persons)
        self._laboratories = Laboratories(plan, values, laboratories)
        by_key = {laboratory.laboratoryId: laboratory for laboratory in laboratories}
        self._working_at = {
            person: by_key[person.laboratoryId] for person in persons if person.laboratoryId in by_key
        }

    def find(self, entry: PersonProposalLaboratory) -> Person | None:
        """The person that an entry means: by `externalId`, else by `login`."""
        return self._by_id.find(external_key(entry.externalId)) or self._by_login.find(self._login(entry))

    def _login(self, person: Person | PersonProposalLaboratory) -> Hashable:
        return self._values.key(Person.login, person.login)

    def named(self, entry: PersonProposalLaboratory) -> Person:
        """The person, created if unknown and left alone if known."""
        return self._plan.keep(self.find(entry) or self._create(entry))

    def brought_up_to_date(self, entry: PersonProposalLaboratory) -> Person:
        """The person, created if unknown and updated if known."""
        person = self.find(entry)
        if person is None:
            return self.named(entry)
        self._values.assign(person, self._values.of(Person, entry, person_name(entry), PERSON_UPDATES))
        self._settle(person, entry)
        return self._plan.keep(person)

    def _create(self, entry: PersonProposalLaboratory) -> Person:
        person = Person(**self._values.of(Person, entry, person_name(entry)))
        self._by_id.note(person)
        self._by_login.note(person)
        self._settle(person, entry)
        return person

    def _settle(self, person: Person, entry: PersonProposalLaboratory) -> None:
        """Link the person with the laboratory of the entry; without one, the link stays."""
        if isinstance(entry.laboratory, LaboratoryCreate):
            laboratory = self._laboratories.of(entry.laboratory, self._working_at.get(person))
            self._working_at[person] = laboratory
            self._plan.refer(person, "laboratoryId", laboratory)


class Laboratories:
    """The laboratories that a document may mean."""

    def __init__(self, plan: Plan, values: Values, laboratories: Sequence[Laboratory]) -> None:
        self._plan, self._values = plan, values
        self._has_keys = values.has(Laboratory.laboratoryExtPk)
        self._by_key = Index[Laboratory](self._key, laboratories)
        self._by_place = Index[Laboratory](self._place, laboratories)

    def of(self, entry: LaboratoryCreate, present: Laboratory | None) -> Laboratory:
        """The laboratory of an entry, created or brought up to date; `present` is the person's until now."""
        found = self._find(entry, present)
        if found is None:
            found = Laboratory(**self._values.of(Laboratory, entry, entry.name))
        else:
            self._values.assign(found, self._values.of(Laboratory, entry, entry.name, LABORATORY_UPDATES))
        self._by_key.note(found)
        self._by_place.note(found)
        return self._plan.keep(found)

    def _find(self, entry: LaboratoryCreate, present: Laboratory | None) -> Laboratory | None:
        key = self._key(entry)
        if self._has_keys and present is not None and self._key(present) == key:
            return present
        if key is not None:
            return self._by_key.find(key)
        place = self._place(entry)
        if present is not None and self._place(present) == place:
            return present
        return self._by_place.find(place)

    def _place(self, laboratory: Laboratory | LaboratoryCreate) -> Hashable:
        """What a laboratory without a key of its own is found by: name, city and country."""
        parts = {column: getattr(laboratory, column.key) for column in PLACE}
        if not any(parts.values()):
            return None
        return tuple(self._values.key(column, part) for column, part in parts.items())

    def _key(self, laboratory: Laboratory | LaboratoryCreate) -> int | None:
        """The portal's key, where the database has a column for it; two laboratories without one are equal
        in that."""
        key = laboratory.laboratoryExtPk if self._has_keys else None
        return key if isinstance(key, int) else None
