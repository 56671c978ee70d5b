"""The page of a beamline's sample changer."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.lists import Page
from starbeam.api.web import Show
from starbeam_samples.layouts import layout_of
from starbeam_samples.queries.containers import mounted, running
from starbeam_samples.queries.sample_filters import SampleFilters
from starbeam_samples.queries.samples import SAMPLES
from starbeam_samples.schemas import Sample
from starbeam_samples.states import states_of

ALL = Page(limit=2000)
"""More than any sample changer holds."""


@get("/beamlines/{name:str}/changer", access=authenticated)
async def show_changer(
    reader: NamedDependency[Reader], show: NamedDependency[Show], name: FromPath[str]
) -> Response[Any]:
    """The containers in it, beside each other, with what has become of their samples."""
    containers = await mounted(reader, name)
    held: dict[int, dict[int | None, Sample]] = defaultdict(dict)
    samples = []
    if containers:
        samples = (await reader.page(SAMPLES, ALL, SampleFilters(beamLineName=name))).results
    for sample in reversed(samples):
        held[sample.containerId or 0][sample.location] = sample
    return show(
        "samples/changer.html",
        name=name,
        containers=containers,
        layouts={one.containerId: layout_of(one.containerType) for one in containers},
        held=held,
        states=await states_of(reader, samples),
        sessions=await running(reader, name),
    )
