"""The best result of each data collection, sample or protein, sorted and filtered: SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.orm import aliased

from starbeam.api.database import Reader, Rows, Scope, Shape, kept, statement
from starbeam.api.lists import (
    SORTING,
    Asked,
    Bound,
    Direction,
    Filters,
    Listing,
    Order,
    Page,
    Paged,
    ProposalName,
    query,
    query_id,
)
from starbeam_ispyb.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
    Proposal,
    Protein,
)
from starbeam_ispyb.names import is_proposal, proposal_name, proposal_value, session_name
from starbeam_processing import schemas
from starbeam_processing.queries.shells import is_good, shells, units
from starbeam_processing.ranked import CollectionResult, ResultOf, ResultOrder
from starbeam_processing.rule import Rule

_PLACE = "page"
Choices = tuple[Sequence[str], Sequence[str]]
"""Programs and space groups."""
EXTENT = frozenset({"sessionId", "proposal", "blSampleId", "proteinId"})
"""What results are of. One of these is needed: a database has too many to rank them all."""


class ResultFilters(Filters, frozen=True):
    """What `/processings/results` is asked for."""

    sessionId: Annotated[int | None, query_id("Session id to filter by"), Bound()] = None
    proposal: Annotated[ProposalName, Bound(proposal_value)] = None
    blSampleId: Annotated[int | None, query_id("Sample id to filter by"), Bound()] = None
    proteinId: Annotated[int | None, query_id("Protein id to filter by"), Bound()] = None
    of: Annotated[
        ResultOf | None, query("What there shall be one result of: a data collection, if nothing is said")
    ] = None
    program: Annotated[str | None, query("Of this program alone"), Bound()] = None
    spaceGroup: Annotated[
        str | None,
        query("In this space group; blanks do not matter"),
        Bound(lambda text: {"spaceGroup": text.replace(" ", "")}),
    ] = None
    resolution: Annotated[float | None, query("To at least this resolution, in Å"), Bound()] = None
    completeness: Annotated[float | None, query("At least so complete, in per cent"), Bound()] = None
    ccHalf: Annotated[
        float | None, query("With at least this CC½ in the outer shell, a fraction"), Bound()
    ] = None
    order_by: Annotated[ResultOrder | None, SORTING] = None
    order: Direction = None


_SHAPE = Shape(
    CollectionResult,
    DataCollection,
    sessionId=DataCollectionGroup.sessionId,
    session=session_name(),
    proposal=proposal_name(),
    blSampleId=BLSample.blSampleId,
    blSample=BLSample.name,
    proteinId=Protein.proteinId,
    protein=Protein.acronym,
    autoProcProgramId=AutoProcProgram.autoProcProgramId,
    processingPrograms=AutoProcProgram.processingPrograms,
    autoProcScalingId=AutoProcScaling.autoProcScalingId,
    goodEnough=literal_column(f"{_PLACE}.good", Integer()),
    AutoProc=Shape(schemas.AutoProc, AutoProc, when=AutoProc.autoProcId),
    later={"overall", "innerShell", "outerShell"},
)


class _Scalings:
    """The visible scalings of what is asked for, with the shells that they are ranked by."""

    def __init__(self, scope: Scope, asked: Asked) -> None:
        self.unit = units()
        self.overall, self.inner, self.outer = (aliased(AutoProcScalingStatistics) for _ in range(3))
        self._scope, self._asked = scope, asked

    def choose(self, *what: Any) -> Select[Any]:
        """Something of each."""
        group, collection = DataCollectionGroup, DataCollection
        link, scaling = AutoProcScaling_has_Int, AutoProcScaling
        integration, program = AutoProcIntegration, AutoProcProgram
        scope = self._scope.below(ProcessingJob, group, collection, integration)
        return (
            select(*what)
            .select_from(group)
            .join(collection, collection.dataCollectionGroupId == group.dataCollectionGroupId)
            .join(integration, integration.dataCollectionId == collection.dataCollectionId)
            .join(program, program.autoProcProgramId == integration.autoProcProgramId)
            .join(link, link.autoProcIntegrationId == integration.autoProcIntegrationId)
            .join(scaling, scaling.autoProcScalingId == link.autoProcScalingId)
            .outerjoin(AutoProc, AutoProc.autoProcId == scaling.autoProcId)
            .where(self._scope.sees(group), *(scope.sees(one) for one in (collection, integration, program)))
            .where(*extent(self._asked))
        )

    def ranked(self, rule: Rule) -> Select[Any]:
        """Each with its place among those of the same data collection, sample or protein."""
        overall, outer, asked = self.overall, self.outer, self._asked
        high = overall.resolutionLimitHigh
        correlation = outer.ccHalf / self.unit.c.cc
        good = is_good(rule, overall.completeness, correlation)
        order = [
            good.desc(),
            *_known_first(high),
            high,
            AutoProcScaling_has_Int.autoProcScaling_has_IntId.desc(),
        ]
        place = func.row_number().over(partition_by=self._of(), order_by=order)
        sorted_by = self._sorting().get(asked.choice("order_by"), high)
        found = self.choose(
            AutoProcScaling_has_Int.autoProcScaling_has_IntId.label("id"),
            place.label("place"),
            good.label("good"),
            high.label("resolution"),
            overall.completeness.label("completeness"),
            correlation.label("ccHalf"),
            func.replace(AutoProc.spaceGroup, " ", "").label("spaceGroup"),
            sorted_by.label("sorted"),
        )
        found = found.join(overall, self._is(overall, "overall")).outerjoin(
            outer, self._is(outer, "outerShell")
        )
        if asked.choice("order_by") is ResultOrder.R_MEAS_INNER:
            found = found.outerjoin(self.inner, self._is(self.inner, "innerShell"))
        if asked.choice("of") is ResultOf.PROTEIN or asked.choice("order_by") in (
            ResultOrder.SAMPLE,
            ResultOrder.PROTEIN,
        ):
            found = _with_samples(found)
        if "program" in asked.given:
            found = found.where(AutoProcProgram.processingPrograms == bindparam("program"))
        return found.join(self.unit, true())

    def _is(self, shell: Any, type: str) -> ColumnElement[bool]:
        return and_(
            shell.autoProcScalingId == AutoProcScaling.autoProcScalingId, shell.scalingStatisticsType == type
        )

    def _of(self) -> list[Any]:
        """What there is one result of; a data collection without a sample or a protein stands for itself."""
        one, of = DataCollection.dataCollectionId, self._asked.choice("of")
        key: Any = {ResultOf.SAMPLE: DataCollectionGroup.blSampleId, ResultOf.PROTEIN: Crystal.proteinId}.get(
            of
        )
        return [one] if key is None else [key, case((key.is_(None), one))]

    def _sorting(self) -> Mapping[ResultOrder, Any]:
        overall, inner, outer = self.overall, self.inner, self.outer
        return {
            ResultOrder.SAMPLE: BLSample.name,
            ResultOrder.PROTEIN: Protein.acronym,
            ResultOrder.FILE: DataCollection.fileTemplate,
            ResultOrder.START: DataCollection.startTime,
            ResultOrder.PROGRAM: AutoProcProgram.processingPrograms,
            ResultOrder.SPACE_GROUP: AutoProc.spaceGroup,
            ResultOrder.CELL: AutoProc.refinedCell_a,
            ResultOrder.R_MEAS_INNER: inner.rMeasAllIPlusIMinus,
            ResultOrder.R_MEAS_OUTER: outer.rMeasAllIPlusIMinus,
            ResultOrder.SIGNAL_OUTER: outer.meanIOverSigI,
            ResultOrder.CC_HALF_OUTER: outer.ccHalf,
            ResultOrder.COMPLETENESS: overall.completeness,
            ResultOrder.ANOMALOUS_COMPLETENESS: overall.anomalousCompleteness,
            ResultOrder.CC_ANOMALOUS: self._scope.column(
                overall.ccAnomalous if self._scope.has(overall.ccAnomalous) else overall.ccAno
            ),
        }


def _with_samples(query: Select[Any]) -> Select[Any]:
    return (
        query.outerjoin(BLSample, BLSample.blSampleId == DataCollectionGroup.blSampleId)
        .outerjoin(Crystal, Crystal.crystalId == BLSample.crystalId)
        .outerjoin(Protein, Protein.proteinId == Crystal.proteinId)
    )


def extent(asked: Asked) -> list[ColumnElement[bool]]:
    """Whose results are asked for, as conditions on a group of data collections."""
    group = DataCollectionGroup
    sessions = select(BLSession.sessionId).join(Proposal, Proposal.proposalId == BLSession.proposalId)
    samples = select(BLSample.blSampleId).join(Crystal, Crystal.crystalId == BLSample.crystalId)
    conditions = {
        "sessionId": group.sessionId == bindparam("sessionId"),
        "proposal": group.sessionId.in_(sessions.where(is_proposal())),
        "blSampleId": group.blSampleId == bindparam("blSampleId"),
        "proteinId": group.blSampleId.in_(samples.where(Crystal.proteinId == bindparam("proteinId"))),
    }
    return [conditions[name] for name in sorted(asked.given & EXTENT)]


def _known_first(value: Any) -> list[Any]:
    return [case((value.is_(None), 1), else_=0)]


def _chosen(best: FromClause, asked: Asked) -> list[ColumnElement[bool]]:
    """What the filters keep of the best ones."""
    of, given = best.c, asked.given
    conditions = {
        "spaceGroup": of.spaceGroup == bindparam("spaceGroup"),
        "resolution": of.resolution <= bindparam("resolution"),
        "completeness": of.completeness >= bindparam("completeness"),
        "ccHalf": of.ccHalf >= bindparam("ccHalf"),
    }
    return [of.place == 1, *(condition for name, condition in conditions.items() if name in given)]


def _order(best: FromClause, asked: Asked) -> list[Any]:
    """Good ones first, if nothing else is asked for."""
    of = best.c
    first = [] if asked.choice("order_by") else [of.good.desc()]
    descending = asked.choice("order") is Order.DESC
    directed = [one.desc() if descending else one.asc() for one in (of.sorted, of.id)]
    return [*first, *_known_first(of.sorted), *directed]


class _Ranking(Listing[CollectionResult]):
    """A page of the best, joined with the rest afterwards."""

    def __init__(self, scope: Scope, asked: Asked, rule: Rule) -> None:
        best = _Scalings(scope, asked).ranked(rule).subquery("ranked")
        conditions = _chosen(best, asked)
        keys = select(best).where(*conditions).order_by(*_order(best, asked))
        page = keys.limit(bindparam("limit")).offset(bindparam("skip")).subquery(_PLACE)
        self.shape = _SHAPE
        self.rows = scope.prepare(_rows(scope, page).order_by(*_order(page, asked)))
        self.total = scope.prepare(select(func.count()).select_from(best).where(*conditions))


def _rows(scope: Scope, page: FromClause) -> Select[Any]:
    """What is shown of the results of a page. What hides samples or proteins hides their names here."""
    link, integration = AutoProcScaling_has_Int, AutoProcIntegration
    of_group = BLSample.blSampleId == DataCollectionGroup.blSampleId
    of_crystal = Protein.proteinId == Crystal.proteinId
    return (
        select(*_SHAPE.columns(scope))
        .select_from(page)
        .join(link, link.autoProcScaling_has_IntId == page.c.id)
        .join(integration, integration.autoProcIntegrationId == link.autoProcIntegrationId)
        .join(AutoProcScaling, AutoProcScaling.autoProcScalingId == link.autoProcScalingId)
        .join(AutoProcProgram, AutoProcProgram.autoProcProgramId == integration.autoProcProgramId)
        .join(DataCollection, DataCollection.dataCollectionId == integration.dataCollectionId)
        .join(
            DataCollectionGroup,
            DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
        )
        .join(BLSession, BLSession.sessionId == DataCollectionGroup.sessionId)
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
        .outerjoin(AutoProc, AutoProc.autoProcId == AutoProcScaling.autoProcId)
        .outerjoin(BLSample, and_(of_group, scope.sees(BLSample)))
        .outerjoin(Crystal, Crystal.crystalId == BLSample.crystalId)
        .outerjoin(Protein, and_(of_crystal, scope.sees(Protein)))
    )


@statement
def _ranking(scope: Scope, asked: Asked, rule: Rule) -> _Ranking:
    return _Ranking(scope, asked, rule)


async def ranking(reader: Reader, page: Page, filters: ResultFilters, rule: Rule) -> Paged[CollectionResult]:
    """A page of the best results of what the filters name. 3 statements."""
    found = await reader.page(_ranking(filters.asked, rule), page, filters)
    by_scaling = (
        await shells(reader, {row.autoProcScalingId for row in found.results}) if found.results else {}
    )
    for row in found.results:
        for type, shell in by_scaling.get(row.autoProcScalingId, {}).items():
            setattr(row, type, shell)
    return found


@statement
def _choices(scope: Scope, asked: Asked) -> Select[Any]:
    both = AutoProcProgram.processingPrograms, AutoProc.spaceGroup
    return _Scalings(scope, asked).choose(*both, func.count()).group_by(*both)


async def choices(reader: Reader, filters: ResultFilters) -> Choices:
    """Programs and space groups that occur in what the filters name. 1 statement, none where those of many
    results are kept."""
    return await kept(reader, "choices", filters.values(reader), partial(_all_choices, filters))


async def _all_choices(filters: ResultFilters, reader: Rows) -> tuple[int, Choices]:
    rows = await reader.rows(_choices(filters.asked), **filters.values(reader))
    programs, groups = ({row[place] for row in rows if row[place]} for place in (0, 1))
    return sum(row[2] for row in rows), (sorted(programs), sorted(groups))
