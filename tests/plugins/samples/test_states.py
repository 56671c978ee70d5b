"""How far a sample has come, and where its position is drawn."""

from __future__ import annotations

import pytest

from starbeam_samples.layouts import PLATE, SPINE, UNIPUCK, layout_of, odd_positions
from starbeam_samples.queries.outcomes import Outcome
from starbeam_samples.schemas import SampleMetaData
from starbeam_samples.states import state_of

HANDLED, FAILED = Outcome(handled=True), Outcome(handled=True, failed=True)


@pytest.mark.parametrize(
    ("collections", "strategies", "integrations", "best", "queued", "outcome", "word", "badge"),
    [
        (2, 1, 3, 1.58, True, HANDLED, "processed", "ok"),
        (2, 0, 3, 1.58, False, FAILED, "processed", "ok"),
        (2, 0, 3, None, False, HANDLED, "collected", "off"),
        (2, 0, 0, 1.58, False, HANDLED, "collected", "off"),
        (2, 0, 0, None, False, FAILED, "failed", "bad"),
        (2, 1, 0, None, False, FAILED, "collected", "off"),
        (0, 0, 0, None, False, FAILED, "failed", "bad"),
        (0, 2, 0, None, True, HANDLED, "strategy", "off"),
        (0, 0, 0, None, True, HANDLED, "seen by the robot", "off"),
        (0, 0, 0, None, True, Outcome(), "queued", "todo"),
        (0, None, None, None, None, Outcome(), "not seen yet", "todo"),
    ],
)
def test_the_strongest_of_what_is_true(
    collections: int,
    strategies: int | None,
    integrations: int | None,
    best: float | None,
    queued: bool | None,
    outcome: Outcome,
    word: str,
    badge: str,
) -> None:
    measured = SampleMetaData(
        subsamples=0,
        datacollections=collections,
        types=None,
        strategies=strategies,
        autoIntegrations=integrations,
        integratedResolution=best,
        proposal=None,
        queued=queued,
    )
    state = state_of(measured, outcome)
    assert (state.word, state.kind) == (word, badge)


def test_a_unipuck_is_counted_counter_clockwise_from_the_notch() -> None:
    at = {spot.number: (spot.x, spot.y) for spot in UNIPUCK.spots}
    assert sorted(at) == [*range(1, 17)]
    assert at[1] == (160, 102)
    assert at[6] == (160, 38)
    # the second of five is 72 degrees to the left: sin 72 = 0.951, cos 72 = 0.309
    assert at[2] == (pytest.approx(160 - 58 * 0.951, abs=0.1), pytest.approx(160 - 58 * 0.309, abs=0.1))
    assert at[7][0] < 160 < at[16][0]
    assert at[7][1] == at[16][1]


def test_a_spine_puck_is_one_ring_the_same_way_round() -> None:
    at = {spot.number: (spot.x, spot.y) for spot in SPINE.spots}
    assert sorted(at) == [*range(1, 11)]
    assert at[1] == (160, 45)
    assert at[6] == (160, 275)
    assert at[2][0] < 160 < at[10][0]


def test_a_plate_has_eight_rows_of_twelve() -> None:
    at = {spot.number: (spot.x, spot.y) for spot in PLATE.spots}
    assert sorted(at) == [*range(1, 97)]
    assert at[1][1] == at[12][1] < at[13][1]
    assert at[1][0] == at[13][0] == at[85][0] < at[2][0]
    assert PLATE.letters == "ABCDEFGH"


@pytest.mark.parametrize(
    ("container_type", "layout"),
    [
        ("Unipuck", UNIPUCK),
        ("UNI-PUCK", UNIPUCK),
        ("Spinepuck", SPINE),
        ("SpinePlus", SPINE),
        ("CrystalQuickX", PLATE),
        ("Plate 96", PLATE),
        ("Puck", None),
        ("Plate", None),
        ("Box", None),
        ("", None),
        (None, None),
    ],
)
def test_only_types_that_are_known_are_drawn(container_type: str | None, layout: object) -> None:
    assert layout_of(container_type) is layout


def test_odd_positions_are_told() -> None:
    assert odd_positions([1, 16, None, None], UNIPUCK) == {}
    assert odd_positions([3, 3, 17, 0], UNIPUCK) == {
        3: "held twice",
        17: "no such position",
        0: "no such position",
    }
    assert odd_positions([17, 17, 99], None) == {17: "held twice"}
