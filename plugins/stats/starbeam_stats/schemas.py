"""What the operations answer. Durations are hours, unless a unit says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from starbeam.api.database import REQUIRED


def _hours(title: str, description: str) -> Meta:
    return Meta(title=title, description=description, extra_json_schema={"unit": "hours"})


class BreakdownOverviewCounts(msgspec.Struct):
    """How much there was of everything."""

    datacollections: Annotated[
        int, Meta(title="Data Collections", description="Those with a start and an end time")
    ]
    failed: Annotated[int, Meta(title="Failed", description="Those of them that were not successful")]
    datacollectionTypes: Annotated[
        dict[str, int], Meta(title="Data Collection Types", description="Their number by experiment type")
    ]
    robot: Annotated[int, Meta(title="Robot Actions")]
    edge: Annotated[int, Meta(title="Energy Scans")]
    xrf: Annotated[int, Meta(title="XRF Spectra")]


class BreakdownOverviewSession(msgspec.Struct):
    """A session."""

    startDate: Annotated[datetime | None, Meta(title="Start"), REQUIRED]
    endDate: Annotated[datetime | None, Meta(title="End"), REQUIRED]
    duration: Annotated[float, _hours("Duration", "From start to end")]
    beamLineName: Annotated[str | None, Meta(title="Beamline"), REQUIRED]
    sessionId: Annotated[str, Meta(title="Session Id")]
    session: Annotated[str | None, Meta(title="Session", description="Its name")]
    counts: BreakdownOverviewCounts


class BreakdownOverviewRun(msgspec.Struct):
    """A run on a beamline."""

    startDate: Annotated[datetime | None, Meta(title="Start"), REQUIRED]
    endDate: Annotated[datetime | None, Meta(title="End"), REQUIRED]
    duration: Annotated[float, _hours("Duration", "From start to end")]
    run: Annotated[str, Meta(title="Run", description="Its name")]
    counts: BreakdownOverviewCounts


class BreakdownPoint(msgspec.Struct):
    """A span of time, and what happened in it."""

    eventType: Annotated[
        str,
        Meta(
            title="Event Type",
            description="`dc`, `robot`, `edge`, `xrf`, `centring`, `strategy`, `fault` or `session`",
        ),
    ]
    startTime: Annotated[datetime, Meta(title="Start Time")]
    endTime: Annotated[datetime, Meta(title="End Time")]
    protein: Annotated[str | None, Meta(title="Protein")]
    sample: Annotated[str | None, Meta(title="Sample")]
    subType: Annotated[
        str | None, Meta(title="Sub Type", description="The experiment type, or the robot's action")
    ]
    status: Annotated[str | None, Meta(title="Status")]
    title: Annotated[str | None, Meta(title="Title", description="Of a fault, or of a session's proposal")]
    session: Annotated[str | None, Meta(title="Session", description="The session's name")]
    sessionId: Annotated[str | None, Meta(title="Session Id")]


class BreakdownPlottable(msgspec.Struct):
    """A parameter of the data collections: one value for each."""

    title: Annotated[str, Meta(title="Title")]
    data: Annotated[Sequence[float | None], Meta(title="Data")]
    unit: Annotated[str | None, Meta(title="Unit")] = None


class BreakdownPlottables(msgspec.Struct):
    """Parameters of the data collections over time."""

    time: Annotated[list[datetime], Meta(title="Time", description="When each data collection started")]
    series: Annotated[list[BreakdownPlottable], Meta(title="Series")]


@dataclass
class Breakdown:  # msgspec does not describe a union of Structs
    """What happened in a session, or in a run on a beamline."""

    overview: BreakdownOverviewSession | BreakdownOverviewRun
    history: Annotated[list[BreakdownPoint], Meta(title="History")]
    plottables: BreakdownPlottables


class TimeEntry(msgspec.Struct, kw_only=True):
    """Where the time of a session went."""

    startup: Annotated[float, _hours("Startup", "From its start to that of the first data collection")] = 0
    datacollection: Annotated[float, _hours("Data Collection", "Sum over its data collections")] = 0
    edge: Annotated[float, _hours("Energy Scans", "Sum over its energy scans")] = 0
    xrf: Annotated[float, _hours("XRF Spectra", "Sum over its fluorescence spectra")] = 0
    robot: Annotated[float, _hours("Robot Actions", "Sum over its robot actions")] = 0
    centring: Annotated[
        float,
        _hours("Centring", "From robot actions to the sample's next data collection, if short"),
    ] = 0
    strategy: Annotated[
        float, _hours("Strategy", "From the ends of data collections to the last screening of each")
    ] = 0
    fault: Annotated[float, _hours("Faults", "Beam time lost to faults")] = 0
    remaining: Annotated[float, _hours("Remaining", "From the last data collection's end to its own")] = 0
    thinking: Annotated[float, _hours("Thinking", "What is left of its duration after all of these")] = 0
    duration: Annotated[float, _hours("Duration", "From its start to its end")] = 0


class SessionTimeEntry(TimeEntry, kw_only=True):
    """Where the time of one session went."""

    sessionId: Annotated[int, Meta(title="Session Id")]


class Times(msgspec.Struct):
    """Where the time of sessions went: of each that has a data collection, and on average."""

    average: TimeEntry
    sessions: Annotated[list[SessionTimeEntry], Meta(title="Sessions")]


class ExperimentTypeMessages(msgspec.Struct):
    """What the logs of failed data collections end with."""

    message: Annotated[str, Meta(title="Message", description="The first of several similar ones")]
    count: Annotated[int, Meta(title="Count")]


class ExperimentTypeGroup(msgspec.Struct):
    """The data collections of one experiment type."""

    experimentType: Annotated[str, Meta(title="Experiment Type")]
    total: Annotated[int, Meta(title="Total")]
    failed: Annotated[int, Meta(title="Failed")]
    aborted: Annotated[int, Meta(title="Aborted")]
    messages: Annotated[list[ExperimentTypeMessages], Meta(title="Messages")]
    failedPercent: Annotated[
        float, Meta(title="Failed Percent", description="Of the total", extra_json_schema={"unit": "%"})
    ] = 0
    abortedPercent: Annotated[
        float, Meta(title="Aborted Percent", description="Of the total", extra_json_schema={"unit": "%"})
    ] = 0


class Errors(msgspec.Struct):
    """What went wrong, by experiment type."""

    totals: Annotated[list[ExperimentTypeGroup], Meta(title="Totals")]


class Hourly(msgspec.Struct):
    """A mean for each hour of the day."""

    hour: Annotated[list[int], Meta(title="Hour", description="0 to 23")]
    average: Annotated[
        list[float],
        Meta(title="Average", description="The mean over the calendar hours that have at least one"),
    ]


class Hourlies(msgspec.Struct):
    """What is done at which hour of the day."""

    datacollections: Hourly
    loaded: Hourly


class ParameterHistogram(msgspec.Struct):
    """How often a parameter was used on a beamline."""

    beamLineName: Annotated[str | None, Meta(title="Beamline"), REQUIRED]
    bin: Annotated[list[int], Meta(title="Bin", description="The lower edge of each bin")]
    frequency: Annotated[
        list[int], Meta(title="Frequency", description="The number of data collections in each bin")
    ]


class ParameterHistograms(msgspec.Struct):
    """How often a parameter was used, by beamline."""

    parameter: Annotated[str, Meta(title="Parameter")]
    unit: Annotated[str, Meta(title="Unit")]
    beamLines: Annotated[list[ParameterHistogram], Meta(title="Beamlines")]


class VRun(msgspec.Struct):
    """A run: a period of operation between two shutdowns."""

    run: Annotated[str, Meta(title="Run", description="Its name")]
    runId: Annotated[int, Meta(title="Run Id")]
    startDate: Annotated[datetime | None, Meta(title="Start"), REQUIRED]
    endDate: Annotated[datetime | None, Meta(title="End"), REQUIRED]
