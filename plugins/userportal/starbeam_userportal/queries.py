"""The rows that a document may mean, and writing a plan: as many statements as there are sets of keys and
kinds of change, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

import msgspec
from sqlalchemy import ColumnElement, and_, inspect, null, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import load_only

from starbeam.api.database import (
    Keys,
    Schema,
    Writer,
    is_taken,
    keys_of,
    refers_to_nothing,
    trouble,
)
from starbeam.api.models import Laboratory, Person
from starbeam_ispyb.models import (
    BLSession,
    LabContact,
    Proposal,
    ProposalHasPerson,
    Protein,
    Session_has_Person,
)
from starbeam_ispyb.schemas import LaboratoryCreate
from starbeam_userportal.people import PLACE
from starbeam_userportal.rows import NAMES, ORDER, Duplicate, Plan, SyncError, external_key
from starbeam_userportal.schemas import (
    PersonProposalLaboratory,
    UPLabContact,
    UPProposal,
    UPProtein,
    UPSession,
    UserPortalProposalSync,
    known,
)
from starbeam_userportal.sync import Known

M = TypeVar("M")
K = TypeVar("K", bound=Hashable)

CHUNK = 1000
"""How many keys one statement looks for."""
READ: dict[type[Any], tuple[str, ...]] = {
    Laboratory: LaboratoryCreate.__struct_fields__,
    Person: (*PersonProposalLaboratory.__struct_fields__, "laboratoryId"),
    Proposal: UPProposal.__struct_fields__,
    ProposalHasPerson: ("personId",),
    LabContact: (*UPLabContact.__struct_fields__, "personId"),
    BLSession: UPSession.__struct_fields__,
    Session_has_Person: ("role", "remote"),
    Protein: UPProtein.__struct_fields__,
}
"""What is read of a row: what may be compared."""
TAKEN: dict[type[Any], str] = {
    Person: "its login is taken",
    Proposal: "its code and number are taken",
    LabContact: "its card name is taken, or its person has a card already",
    BLSession: "two sessions of one proposal cannot have one visit_number, which is 0 where none is given",
}
"""What is wrong when the database says that a value must be unique."""
UNKNOWN: dict[type[Any], str] = {
    BLSession: "there is no such beamLineSetupId",
    Protein: "there is no such componentTypeId or concentrationTypeId",
}
"""What is wrong when the database says that there is no row to refer to."""


async def load(writer: Writer, document: UserPortalProposalSync) -> Known:
    """The rows that a document may mean; the transaction forgets them until they are saved."""
    known_rows = await _load(_Rows(writer), document)
    writer.session.expunge_all()
    return known_rows


async def keys(writer: Writer, document: UserPortalProposalSync, rows: Known) -> Keys:
    """What the database compares of the texts by which rows are found: those sent, and those that it has."""
    entries = list(_persons(document))
    sent = [entry.laboratory for entry in entries if isinstance(entry.laboratory, LaboratoryCreate)]
    places = [*sent, *rows.laboratories]
    texts: dict[Any, list[Any]] = {
        Person.login: [*(one.login for one in entries), *(one.login for one in rows.persons)],
        LabContact.cardName: [
            one.cardName for one in (*(document.proposal.labcontacts or ()), *rows.contacts)
        ],
        Protein.acronym: [one.acronym for one in (*(document.proteins or ()), *rows.proteins)],
        **{column: [getattr(one, column.key) for one in places] for column in PLACE},
    }
    given = {column: [one for one in values if known(one)] for column, values in texts.items()}
    return await keys_of(writer, given)


async def _load(rows: _Rows, document: UserPortalProposalSync) -> Known:
    entries = list(_persons(document))
    persons = await _load_persons(rows, entries)
    laboratories = await _load_laboratories(rows, entries, persons)
    proposal = await _load_proposal(rows, document.proposal)
    if proposal is None:
        return Known(None, persons, laboratories)
    sessions = await _load_sessions(rows, proposal, document.sessions or ())
    return Known(
        proposal,
        persons,
        laboratories,
        await rows.where(ProposalHasPerson, ProposalHasPerson.proposalId == proposal.proposalId),
        await rows.where(LabContact, LabContact.proposalId == proposal.proposalId),
        sessions,
        await rows.by(Session_has_Person, (Session_has_Person.sessionId, [s.sessionId for s in sessions])),
        await _load_proteins(rows, proposal, document.proteins or ()),
    )


def _persons(document: UserPortalProposalSync) -> Iterator[PersonProposalLaboratory]:
    """Every entry of a person."""
    yield from document.proposal.persons
    yield from (contact.person for contact in document.proposal.labcontacts or ())
    yield from chain.from_iterable(one.persons or () for one in document.sessions or ())
    yield from (protein.person for protein in document.proteins or ())


class _Rows:
    """Loads rows, of each no more than what is compared."""

    def __init__(self, writer: Writer) -> None:
        self._session = writer.session
        self.has = writer.scope.has

    async def where(self, model: type[M], *conditions: ColumnElement[bool]) -> list[M]:
        """Rows of a model, by primary key."""
        mapper = inspect(model)
        names = (name for name in READ[model] if name in mapper.column_attrs and name != "passwd")
        read = [getattr(model, name) for name in names]  # what this database lacks is NULL
        query = select(model).where(*conditions).order_by(*mapper.primary_key)
        return list(await self._session.scalars(query.options(load_only(*read))))

    async def by(
        self, model: type[M], *keys: tuple[Any, Iterable[Any]], within: ColumnElement[bool] | None = None
    ) -> list[M]:
        """Rows that have one of these values in one of these columns, each row once, by primary key."""
        found: dict[M, None] = {}
        around = () if within is None else (within,)
        for column, values in keys:
            for chunk in _chunks(values):
                found |= dict.fromkeys(await self.where(model, column.in_(chunk), *around))
        return sorted(found, key=lambda row: inspect(model).primary_key_from_instance(row))


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    distinct = [value for value in dict.fromkeys(values) if value is not None]
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


async def _load_persons(rows: _Rows, entries: Sequence[PersonProposalLaboratory]) -> list[Person]:
    return await rows.by(
        Person,
        (Person.externalId, [external_key(entry.externalId) for entry in entries]),
        (Person.login, [entry.login for entry in entries if known(entry.login)]),
    )


async def _load_laboratories(
    rows: _Rows, entries: Sequence[PersonProposalLaboratory], persons: Sequence[Person]
) -> list[Laboratory]:
    """Those of the persons, those of the keys sent, and those of the names sent."""
    given = [entry.laboratory for entry in entries if isinstance(entry.laboratory, LaboratoryCreate)]
    keys: list[tuple[Any, Iterable[Any]]] = [
        (Laboratory.laboratoryId, [person.laboratoryId for person in persons]),
        (Laboratory.name, [one.name for one in given]),
    ]
    if rows.has(Laboratory.laboratoryExtPk):
        pks = [one.laboratoryExtPk for one in given if known(one.laboratoryExtPk)]
        keys.append((Laboratory.laboratoryExtPk, pks))
    return await rows.by(Laboratory, *keys)


async def _load_proposal(rows: _Rows, entry: UPProposal) -> Proposal | None:
    """The proposal: by `externalId`, else by code and number; of several the first."""
    named = and_(Proposal.proposalCode == entry.proposalCode, Proposal.proposalNumber == entry.proposalNumber)
    key = external_key(entry.externalId)
    found = await rows.where(Proposal, named if key is None else or_(Proposal.externalId == key, named))
    return min(found, key=lambda proposal: key is None or proposal.externalId != key, default=None)


async def _load_sessions(
    rows: _Rows, proposal: Proposal, entries: Sequence[UPSession]
) -> Sequence[BLSession]:
    keys: list[tuple[Any, Iterable[Any]]] = [
        (BLSession.externalId, [external_key(entry.externalId) for entry in entries])
    ]
    if rows.has(BLSession.expSessionPk):
        pks = [entry.expSessionPk for entry in entries if known(entry.expSessionPk)]
        keys.append((BLSession.expSessionPk, pks))
    return await rows.by(BLSession, *keys, within=BLSession.proposalId == proposal.proposalId)


async def _load_proteins(rows: _Rows, proposal: Proposal, entries: Sequence[UPProtein]) -> Sequence[Protein]:
    return await rows.by(
        Protein,
        (Protein.externalId, [external_key(entry.externalId) for entry in entries]),
        (Protein.acronym, [entry.acronym for entry in entries]),
        within=Protein.proposalId == proposal.proposalId,
    )


class Counts(msgspec.Struct, frozen=True):
    """How many rows of each table were created, updated and left as they were."""

    created: dict[str, int]
    updated: dict[str, int]
    untouched: dict[str, int]


async def save(writer: Writer, plan: Plan) -> Counts:
    """Write what is new or differs, table by table. Raises `SyncError` for what the database refuses."""
    counts = Counts({}, {}, {})
    for model in ORDER:
        plan.resolve(model)
        for row in plan.rows[model]:
            if is_new := inspect(row).transient:
                _name_nulls(row, writer.scope.schema)
            kind = counts.updated if writer.session.is_modified(row) else counts.untouched
            kind = counts.created if is_new else kind
            kind[model.__name__] = kind.get(model.__name__, 0) + 1
        await _write(writer, model, plan.rows[model])
    return counts


def _name_nulls(row: Any, schema: Schema) -> None:
    """Say NULL where it was given: else the ORM leaves such a column to the database, which has a default."""
    for column, value in list(inspect(row).dict.items()):
        found = schema.found(type(row).__tablename__, column)
        if value is None and found is not None and found.default is not None:
            setattr(row, column, null())


async def _write(writer: Writer, model: type[Any], rows: Iterable[Any]) -> None:
    try:
        await writer.save(rows)
    except DBAPIError as error:
        if trouble(error):
            raise
        raise _refusal(model, error) from error


def _refusal(model: type[Any], error: DBAPIError) -> SyncError:
    """A sentence for what the database refuses: nothing of its own message, which may hold anything."""
    start = f"A {NAMES[model]} cannot be saved: "
    if is_taken(error):
        return Duplicate(start + TAKEN.get(model, "it is there already"))
    if refers_to_nothing(error):
        return SyncError(start + UNKNOWN.get(model, "it refers to a row that does not exist"))
    return SyncError(start + "the database does not take one of its values")
