"""What a document changes: from what the portal sends and the rows that are there to a plan. Free of SQL and
HTTP."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from starbeam.api.models import Laboratory, Person
from starbeam_ispyb.models import (
    BLSession,
    LabContact,
    Proposal,
    ProposalHasPerson,
    Protein,
    Session_has_Person,
)
from starbeam_userportal.people import People, merged, person_name
from starbeam_userportal.rows import Index, Plan, SyncError, Values, external_key
from starbeam_userportal.schemas import (
    PersonSessionLaboratory,
    PersonSessionOptions,
    UPLabContact,
    UPProtein,
    UPSession,
    UserPortalProposalSync,
    known,
)


@dataclass(frozen=True)
class Known:
    """The rows that a document may mean, those of each table in the order of their primary keys."""

    proposal: Proposal | None
    persons: Sequence[Person] = ()
    laboratories: Sequence[Laboratory] = ()
    members: Sequence[ProposalHasPerson] = ()
    contacts: Sequence[LabContact] = ()
    sessions: Sequence[BLSession] = ()
    session_members: Sequence[Session_has_Person] = ()
    proteins: Sequence[Protein] = ()


def plan(document: UserPortalProposalSync, known_rows: Known, values: Values) -> Plan:
    """The rows as they should be. Raises `SyncError`."""
    return _Planning(document, known_rows, values).done()


class _Planning:
    """One document's way to a plan: each step is one kind of row."""

    def __init__(self, document: UserPortalProposalSync, known_rows: Known, values: Values) -> None:
        self._document = document
        self._known = known_rows
        self._values = values
        self._plan = Plan()
        self._people = People(self._plan, values, known_rows.persons, known_rows.laboratories)

    def done(self) -> Plan:
        entries = merged(self._document.proposal.persons, self._values)
        persons = [self._people.brought_up_to_date(entry) for entry in entries]
        proposal = self._proposal(persons[0])
        self._members(proposal, persons)
        self._contacts(proposal, self._document.proposal.labcontacts or ())
        self._sessions(proposal, self._document.sessions or ())
        self._proteins(proposal, self._document.proteins or ())
        return self._plan

    def _proposal(self, proposer: Person) -> Proposal:
        entry, found = self._document.proposal, self._known.proposal
        name = f"{entry.proposalCode}{entry.proposalNumber}"
        if found is not None:
            self._values.assign(found, self._values.of(Proposal, entry, name, {"title"}))
            return self._plan.keep(found)
        proposal = Proposal(**self._values.of(Proposal, entry, name))
        self._plan.refer(proposal, "personId", proposer)
        return self._plan.keep(proposal)

    def _members(self, proposal: Proposal, persons: Iterable[Person]) -> None:
        members = {member.personId: member for member in self._known.members}
        for person in dict.fromkeys(persons):
            self._plan.keep(members.get(person.personId) or self._member(proposal, person))

    def _member(self, proposal: Proposal, person: Person) -> ProposalHasPerson:
        member = ProposalHasPerson()
        self._plan.refer(member, "proposalId", proposal)
        self._plan.refer(member, "personId", person)
        return member

    def _contacts(self, proposal: Proposal, entries: Iterable[UPLabContact]) -> None:
        def card(contact: LabContact | UPLabContact) -> Hashable:
            return self._values.key(LabContact.cardName, contact.cardName)

        by_card = Index[LabContact](card, self._known.contacts)
        cards: dict[Any, str] = {contact.personId: contact.cardName for contact in self._known.contacts}
        for entry in entries:
            contact = by_card.find(card(entry))
            if contact is None:
                person = self._people.brought_up_to_date(entry.person)
                who = person.personId or person
                if who in cards:
                    raise SyncError(
                        f"Lab contact {entry.cardName}: its person has the card {cards[who]} in this proposal"
                        " already"
                    )
                cards[who] = entry.cardName
                contact = LabContact(**self._values.of(LabContact, entry, entry.cardName))
                self._plan.refer(contact, "proposalId", proposal)
                self._plan.refer(contact, "personId", person)
                by_card.note(contact)
            self._plan.keep(contact)

    def _sessions(self, proposal: Proposal, entries: Iterable[UPSession]) -> None:
        sessions = Sessions(self._plan, self._values, self._known.sessions)
        links = {(link.sessionId, link.personId): link for link in self._known.session_members}
        rows: dict[tuple[BLSession, Person], Session_has_Person] = {}
        for entry in entries:
            session = sessions.brought_up_to_date(entry, proposal)
            for somebody in merged(entry.persons or (), self._values):
                person = self._people.brought_up_to_date(somebody)
                link = rows.get((session, person)) or links.get((session.sessionId, person.personId))
                rows[session, person] = self._session_member(link, session, person, somebody)

    def _session_member(
        self,
        link: Session_has_Person | None,
        session: BLSession,
        person: Person,
        entry: PersonSessionLaboratory,
    ) -> Session_has_Person:
        if link is None:
            link = Session_has_Person()
            self._plan.refer(link, "sessionId", session)
            self._plan.refer(link, "personId", person)
        options = entry.session_options
        given = (
            self._values.of(Session_has_Person, options, person_name(entry))
            if isinstance(options, PersonSessionOptions)
            else {}
        )
        self._values.assign(link, {"role": None, "remote": 0, **given})
        return self._plan.keep(link)

    def _proteins(self, proposal: Proposal, entries: Iterable[UPProtein]) -> None:
        def acronym(protein: Protein | UPProtein) -> Hashable:
            return self._values.key(Protein.acronym, protein.acronym)

        by_id = Index[Protein](lambda protein: protein.externalId, self._known.proteins)
        by_acronym = Index[Protein](acronym, self._known.proteins)
        for entry in entries:
            person = self._people.named(entry.person)
            values = self._values.of(Protein, entry, entry.acronym)
            protein = by_id.find(external_key(entry.externalId)) or by_acronym.find(acronym(entry))
            if protein is None:
                protein = Protein(**values)
                self._plan.refer(protein, "proposalId", proposal)
                self._plan.refer(protein, "personId", person)
            else:
                self._values.assign(protein, values)
            by_id.note(protein)
            by_acronym.note(protein)
            self._plan.keep(protein)


class Sessions:
    """The sessions of a proposal that a document may mean."""

    def __init__(self, plan: Plan, values: Values, sessions: Sequence[BLSession]) -> None:
        self._plan, self._values = plan, values
        self._has_pk = values.has(BLSession.expSessionPk)
        self._by_id = Index[BLSession](lambda session: session.externalId, sessions)
        self._by_pk = Index[BLSession](self._pk, sessions)

    def brought_up_to_date(self, entry: UPSession, proposal: Proposal) -> BLSession:
        """The session that an entry means, created if there is none."""
        session = self._find(entry)
        values = self._values.of(BLSession, entry, session_name(entry))
        if session is None:
            session = BLSession(**{"lastUpdate": self._values.clock.now(), **values})
            self._plan.refer(session, "proposalId", proposal)
        else:
            self._values.assign(session, values)
        self._by_id.note(session)
        self._by_pk.note(session)
        return self._plan.keep(session)

    def _find(self, entry: UPSession) -> BLSession | None:
        if known(entry.externalId):
            return self._by_id.find(external_key(entry.externalId))
        if not self._has_pk:
            raise SyncError(
                f"Session {session_name(entry)}: an externalId is required, since this database has no"
                " expSessionPk"
            )
        return self._by_pk.find(entry.expSessionPk)

    def _pk(self, session: BLSession) -> int | None:
        return session.expSessionPk if self._has_pk else None


def session_name(entry: UPSession) -> str:
    """What to call a session in a message."""
    return str(entry.externalId if known(entry.externalId) else entry.expSessionPk)
