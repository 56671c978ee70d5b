"""How far a sample has come, in one word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starbeam.api.database import Rows
from starbeam_samples.queries.outcomes import Outcome, outcomes_of
from starbeam_samples.schemas import Sample, SampleMetaData


@dataclass(frozen=True)
class State:
    """A state as pages show it."""

    kind: str
    """Of the badge: ok, bad, off or todo."""
    word: str
    position: str
    """How its position in a drawn container looks: done, bad, seen or have."""


PROCESSED = State("ok", "processed", "done")
FAILED = State("bad", "failed", "bad")
COLLECTED = State("off", "collected", "seen")
STRATEGY = State("off", "strategy", "seen")
HANDLED = State("off", "seen by the robot", "seen")
QUEUED = State("todo", "queued", "have")
WAITING = State("todo", "not seen yet", "have")


def state_of(measured: SampleMetaData, outcome: Outcome) -> State:
    """The strongest of what is true of a sample."""
    if measured.autoIntegrations and measured.integratedResolution is not None:
        return PROCESSED
    if outcome.failed and not measured.strategies:
        return FAILED
    states = (
        (measured.datacollections, COLLECTED),
        (measured.strategies, STRATEGY),
        (outcome.handled, HANDLED),
        (measured.queued, QUEUED),
    )
    return next((state for true, state in states if true), WAITING)


async def states_of(reader: Rows, samples: Sequence[Sample]) -> Mapping[int, State]:
    """How far each sample has come. 1 statement."""
    outcomes = await outcomes_of(reader, [one.blSampleId for one in samples])
    return {
        one.blSampleId: state_of(one.metadata, outcomes.get(one.blSampleId, Outcome())) for one in samples
    }
