"""The pages of results and of programs, and what pages show of the processing of every data collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec.structs import replace

from starbeam.api import authenticated
from starbeam.api.database import Cache, Reader
from starbeam.api.http import always, asked
from starbeam.api.lists import Page, Paged
from starbeam.api.web import Asked, OfCollections, Pages, Part, Show, Spot, Tab
from starbeam_processing.pages import programs
from starbeam_processing.queries import figures, messages, program
from starbeam_processing.queries.ranking import ResultFilters, choices, ranking
from starbeam_processing.queries.results import Result, results
from starbeam_processing.queries.strategies import strategies
from starbeam_processing.queries.waiting import waiting
from starbeam_processing.ranked import CollectionResult, ResultOf, ResultOrder
from starbeam_processing.rule import Rule
from starbeam_processing.states import ORDER, State, state_of

TEMPLATES = Path(__file__).parent.with_name("templates")
FIGURES_AGE = 5
"""Seconds."""
ON_PAPER = Page(limit=500)
"""How many results the report of a session lists."""
CHARACTERISATION = "characterisation"
"""What cards call a data collection that a strategy is made from."""


async def show_results_of_session(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ResultFilters],
    rule: NamedDependency[Rule],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """The best result of each data collection of a session."""
    head = await show.head("session", reader, key)
    mine = replace(filters, sessionId=key, proposal=None)
    found = await ranking(reader, page, mine, rule)
    return await _show(reader, show, mine, found, rule=rule, head=head, in_session=True)


async def show_results_of_proposal(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ResultFilters],
    rule: NamedDependency[Rule],
    show: NamedDependency[Show],
    name: FromPath[str],
) -> Response[Any]:
    """The best result of each data collection of a proposal."""
    head = await show.head("proposal", reader, name)
    mine = replace(filters, sessionId=None, proposal=name)
    found = await ranking(reader, page, mine, rule)
    return await _show(reader, show, mine, found, rule=rule, head=head, in_session=False)


async def _show(
    reader: Reader, show: Show, filters: ResultFilters, page: Paged[CollectionResult], **more: Any
) -> Response[Any]:
    programs, groups = await choices(reader, filters)
    return show(
        "processing/ranking.html",
        page=page,
        filters=filters,
        programs=programs,
        groups=groups,
        waiting=None if programs else await waiting(reader, filters),
        views=[*ResultOf],
        **more,
    )


async def beside(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    """Where the best results of samples come from, for screens that have room for them."""
    return {"key": asked.key}


async def _strategies(reader: Reader, asked: Asked, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    wanted = [id for id in ids if asked.kinds.get(id, CHARACTERISATION) == CHARACTERISATION]
    found = await strategies(reader, wanted) if wanted else {}
    return {id: {"found": some} for id, some in found.items()}


async def _results(reader: Reader, ids: Sequence[int], rule: Rule) -> Mapping[int, Mapping[str, Any]]:
    """The results of data collections with the state of each program, and how many files and warnings it has.
    3 statements."""
    found = await results(reader, ids)
    runs = {one.run.autoProcProgramId: one.run for some in found.values() for one in some}
    warned = await messages.warnings(reader, runs)
    files = await program.numbers_of_files(reader, runs)
    states = {id: state_of(run, reader.now, id in warned) for id, run in runs.items()}
    return {
        id: {
            "results": some,
            "best": rule.best(some),
            "states": states,
            "counts": _counts(some, states),
            "files": files,
            "written": _sum(files, some),
            "said": _sum(warned, some),
        }
        for id, some in found.items()
    }


def _sum(numbers: Mapping[int, int], results: Sequence[Result]) -> int:
    """Of all programs of these results."""
    return sum(numbers.get(id, 0) for id in {one.run.autoProcProgramId for one in results})


def _counts(results: Sequence[Result], states: Mapping[int, State]) -> list[tuple[State, int]]:
    """How many programs are in each state."""
    counted = Counter(states[id] for id in dict.fromkeys(one.run.autoProcProgramId for one in results))
    return sorted(counted.items(), key=lambda found: ORDER.index(found[0].kind))


class _Figures:
    """What processing came to in a session, kept for some seconds for each person."""

    def __init__(self, rule: Rule) -> None:
        self._kept: Cache[Mapping[str, Any]] = Cache(FIGURES_AGE)
        self._rule = rule

    async def load(self, reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """2 statements."""
        key = int(asked.key or 0)
        return await self._kept.get((reader.who, key), partial(self._read, reader, key))

    async def _read(self, reader: Reader, key: int) -> Mapping[str, Any]:
        best, programs = await figures.best(reader, key, self._rule), await figures.programs(reader, key)
        return {"best": best, "programs": programs}


class _Best:
    """The best result of a sample or a protein."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    async def of_sample(self, reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
        """Nothing where there is none. 2 statements."""
        return await self._read(reader, ResultFilters(blSampleId=int(asked.key or 0), of=ResultOf.SAMPLE))

    async def of_protein(self, reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
        """Nothing where there is none. 2 statements."""
        return await self._read(reader, ResultFilters(proteinId=int(asked.key or 0), of=ResultOf.PROTEIN))

    async def _read(self, reader: Reader, filters: ResultFilters) -> Mapping[str, Any] | None:
        room = Page(limit=2)  # there is one at most: a page that is not full needs no count
        found = await ranking(reader, room, filters, self._rule)
        return {"best": found.results[0], "rule": self._rule} if found.results else None


def pages(rule: Rule) -> Pages:
    """The pages, what stands on cards and pages of data collections, and the figures of a session."""

    async def of_collections(
        reader: Reader, asked: Asked, ids: Sequence[int]
    ) -> Mapping[int, Mapping[str, Any]]:
        found = await _results(reader, ids, rule)
        newest = None if "cursor" in asked.query else next((id for id in ids if id in found), None)
        return {id: {**values, "rule": rule, "opened": id == newest} for id, values in found.items()}

    async def results_on_paper(reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """The best result of each data collection of a session."""
        filters = ResultFilters(sessionId=int(asked.key or 0), order_by=ResultOrder.START)
        return {"page": await ranking(reader, ON_PAPER, filters, rule), "rule": rule}

    best = _Best(rule)
    given = always(rule=rule) | asked(ResultFilters)
    templates: dict[Spot, str] = {
        "outcome": "processing/best.html",
        "below": "processing/results.html",
        "report": "processing/report_shells.html",
    }
    found: dict[Spot, str] = {
        "outcome": "processing/strategy_outcome.html",
        "below": "processing/strategy.html",
    }
    return Pages(
        [
            get("/sessions/{key:int}/results", access=authenticated, dependencies=given)(
                show_results_of_session
            ),
            get("/proposals/{name:str}/results", access=authenticated, dependencies=given)(
                show_results_of_proposal
            ),
            *programs.handlers,
        ],
        TEMPLATES,
        tabs=[
            Tab("session", "Results", "/sessions/{key}/results", 200),
            Tab("proposal", "Results", "/proposals/{key}/results", 150),
        ],
        parts=[
            Part("figures of session", "processing/figures.html", _Figures(rule).load, 500),
            Part("sample", "processing/best_result.html", best.of_sample, 100),
            Part("protein", "processing/best_result.html", best.of_protein, 100),
            Part("session", "processing/beside.html", beside, 900, narrow=True),
            Part("report of session", "processing/report.html", results_on_paper, 200),
        ],
        of_collections=[
            OfCollections(found, _strategies, 100),
            OfCollections(templates, of_collections, 200),
        ],
    )
