"""All samples of a container at once: a sheet of rows. All is written, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from starbeam.api import Faults, Invalid
from starbeam.api.database import Keys, NotTaken, Schema, Sheet, Writer, fitting, keys_of, refusing, sent
from starbeam_ispyb.models import BLSample, Protein
from starbeam_samples.changes.crystals import form_of
from starbeam_samples.changes.rules import NO_CONTAINER, Entry, check_letters, faults_of
from starbeam_samples.changes.samples import columns
from starbeam_samples.queries import belonging
from starbeam_samples.schemas import ContainerFilled, ContainerSample

_TWICE = "Several samples are at this position: change them one by one"


async def fill(
    writer: Writer, key: int, sheet: Sheet[ContainerSample], dry_run: bool = False
) -> ContainerFilled:
    """Make the samples of a container what the rows say: those at their positions are changed, others are
    added, and what no row names stays. A dry run writes nothing.

    Raises Faults with the row and the column of all that is wrong.
    """
    await writer.rows(belonging.lock_by_container(), key=key)
    container = await writer.first(belonging.container(), NO_CONTAINER, key=key)
    rows, faults = sheet.read()
    there = await writer.rows(belonging.held(), key=key)
    proteins = await _proteins_of(writer, container.proposalId, rows.values())
    plan = _Plan(writer.scope.schema, there, proteins)
    for number, row in rows.items():
        plan.add(number, row)
    faults += plan.faults
    faults += await faults_of(writer, key, [one.entry for one in plan.rows])
    if faults:
        raise Faults(sorted(faults, key=lambda one: one.loc[1]))
    if not dry_run:
        with refusing("Could not store the samples"):
            for one in plan.rows:
                await _write(writer, key, container.proposalId, one)
    return plan.outcome()


@dataclass(frozen=True)
class _Planned:
    """What a row changes."""

    place: tuple[str | int, ...]
    location: int
    protein_id: int
    present: Any
    """The sample that is there."""
    values: Mapping[str, Any]
    """Of the sample."""
    form: Mapping[str, Any]
    """Of its crystal form."""
    again: bool
    """Another row has the position already, which was told."""

    @property
    def entry(self) -> Entry:
        """What is to be looked at: also of a name that stays, in another protein."""
        if self.present is None:
            location = None if self.again else self.location
            return Entry(self.protein_id, None, self.values["name"], location, self.place)
        name = self.present.name if "proteinId" in self.form else None
        key = self.present.blSampleId
        return Entry(self.protein_id, key, self.values.get("name", name), None, self.place)


class _Plan:
    """What all rows change, and what is wrong with any."""

    def __init__(self, schema: Schema, there: Iterable[Any], proteins: _Proteins) -> None:
        self.rows: list[_Planned] = []
        self.faults: list[Invalid] = []
        self._schema = schema
        self._proteins = proteins
        self._there = defaultdict[str, list[Any]](list)
        for sample in there:
            self._there[sample.location].append(sample)

    def add(self, number: int, row: ContainerSample) -> None:
        """Look at one more row."""
        place = ("body", number)
        at_position = self._there[f"{row.location}"]
        present = at_position[0] if at_position else None
        again = any(one.location == row.location for one in self.rows)
        values, form = self._changes(row, present)
        faults = list(self._wrong(place, row, values, again))
        try:
            protein_id = self._proteins.of(place, row, present.proteinId if present else None)
        except Invalid as error:
            faults.append(error)
        else:
            if present is None or protein_id != present.proteinId:
                form["proteinId"] = protein_id
            self.rows.append(_Planned(place, row.location, protein_id, present, values, form, again))
        self.faults += faults

    def outcome(self) -> ContainerFilled:
        """The positions of the samples."""
        added = [one.location for one in self.rows if one.present is None]
        there = [one for one in self.rows if one.present is not None]
        changed = [one.location for one in there if one.values or one.form]
        unchanged = [one.location for one in there if not (one.values or one.form)]
        return ContainerFilled(added, changed, unchanged)

    def _changes(self, row: ContainerSample, present: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """What differs of the sample, and of its crystal form."""
        values, form = sent(row, "name", "comments"), sent(row, *belonging.CELL)
        if present is not None:
            values = {name: value for name, value in values.items() if value != getattr(present, name)}
            form = {name: value for name, value in form.items() if value != getattr(present, name)}
        return values, form

    def _wrong(
        self, place: tuple[str | int, ...], row: ContainerSample, values: Mapping[str, Any], again: bool
    ) -> Iterator[Invalid]:
        """What is wrong with a row by itself, but for its protein."""
        if len(self._there[f"{row.location}"]) > 1:
            yield Invalid(_TWICE, [*place, "location"])
        if again:
            yield Invalid(f"Position {row.location} has two rows", [*place, "location"])
        for name, value in values.items():
            try:
                fitting(self._schema.found(BLSample.__tablename__, name), value)
                if name == "name":
                    check_letters(value, [*place, name])
            except NotTaken as error:
                yield Invalid(str(error), [*place, name])
            except Invalid as error:
                yield error


@dataclass(frozen=True)
class _Proteins:
    """The proteins of a proposal that rows name."""

    ids: Mapping[int, str | None]
    keys: Keys

    def of(self, place: tuple[str | int, ...], row: ContainerSample, present: int | None) -> int:
        """The protein of a row. Raises Invalid where it has none."""
        if row.proteinId is not UNSET:
            if row.proteinId not in self.ids:
                raise Invalid("This proposal has no such protein", [*place, "proteinId"])
            return row.proteinId
        if row.acronym is UNSET:
            if present is None:
                raise Invalid("Field required", [*place, "acronym"], "missing")
            return present
        wanted = self.keys.of(Protein.acronym, row.acronym)
        found = [id for id, name in self.ids.items() if self.keys.of(Protein.acronym, name) == wanted]
        if not found:
            raise Invalid(f"This proposal has no protein {row.acronym}", [*place, "acronym"])
        if len(found) > 1 and present not in found:
            raise Invalid(f"Several proteins are called {row.acronym}", [*place, "acronym"])
        return present if present in found else found[0]


async def _proteins_of(writer: Writer, proposal_id: int, rows: Iterable[ContainerSample]) -> _Proteins:
    acronyms = [row.acronym for row in rows if row.acronym is not UNSET]
    ids = [row.proteinId for row in rows if row.proteinId is not UNSET]
    found = await writer.rows(belonging.proteins(), proposal_id=proposal_id, acronyms=acronyms, ids=ids)
    texts = [*acronyms, *(name for _, name in found)]
    return _Proteins(dict(found), await keys_of(writer, {Protein.acronym: texts}))


async def _write(writer: Writer, key: int, proposal_id: int, one: _Planned) -> None:
    values = dict(one.values)
    if one.form:
        present = one.present.crystalId if one.present else None
        form = await form_of(writer, proposal_id, one.form, present)
        if form.key != present:
            values["crystalId"] = form.key
    if one.present is None:
        await writer.create(BLSample, columns({**values, "containerId": key, "location": one.location}))
    elif values:
        await writer.update(BLSample, one.present.blSampleId, values)
