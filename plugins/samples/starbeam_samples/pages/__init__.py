"""The pages of samples and proteins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec.structs import replace

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.http import asked
from starbeam.api.lists import Order, Page
from starbeam.api.web import Asked, Finder, OfCollections, Pages, Part, Place, Show, Tab, form_pages
from starbeam_samples.forms import FORMS
from starbeam_samples.layouts import layout_of, odd_positions
from starbeam_samples.pages import changer, sheet
from starbeam_samples.queries import images
from starbeam_samples.queries.collected import proteins_of_collections
from starbeam_samples.queries.containers import container_type, running
from starbeam_samples.queries.proteins import PROTEINS, ProteinFilters
from starbeam_samples.queries.sample_filters import SampleFilters, SessionSampleFilters
from starbeam_samples.queries.samples import SAMPLES, SAMPLES_OF_SESSION
from starbeam_samples.schemas import Sample, SampleOrder, SampleStatus
from starbeam_samples.states import states_of

FOUND = Page(limit=10)
WHOLE = Page(limit=400)
"""More than any container holds."""


@get("/samples", access=authenticated, dependencies=asked(SampleFilters))
async def list_samples(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[SampleFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All that the person may see, the newest first."""
    found = await reader.page(SAMPLES, page, filters)
    states = await states_of(reader, found.results)
    return show("samples/samples.html", page=found, states=states, statuses=[*SampleStatus], head="")


@get("/samples/{key:int}", access=authenticated)
async def show_sample(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """A sample, its protein, where it is, and what came of it."""
    sample = await reader.get(SAMPLES, key)
    place = await _place(reader, sample)
    return show(
        "samples/sample.html",
        sample=sample,
        state=(place or {"states": await states_of(reader, [sample])})["states"][key],
        place=place,
        drawn=await show.parts("sample", reader, key, sample),
    )


@get("/proposals/{name:str}/samples", access=authenticated, dependencies=asked(SampleFilters))
async def list_samples_of_proposal(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[SampleFilters],
    show: NamedDependency[Show],
    name: FromPath[str],
) -> Response[Any]:
    """The samples of a proposal."""
    head = await show.head("proposal", reader, name)
    found = await reader.page(SAMPLES, page, replace(filters, proposal=name))
    states = await states_of(reader, found.results)
    return show("samples/samples.html", page=found, states=states, statuses=[*SampleStatus], head=head)


@get("/sessions/{key:int}/samples", access=authenticated, dependencies=asked(SampleFilters))
async def list_samples_of_session(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[SampleFilters],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """The samples that data were collected of in a session."""
    head = await show.head("session", reader, key)
    given = {name: getattr(filters, name) for name in filters.__struct_fields__}
    found = await reader.page(SAMPLES_OF_SESSION, page, SessionSampleFilters(**given, sessionId=key))
    states = await states_of(reader, found.results)
    return show("samples/samples.html", page=found, states=states, statuses=[*SampleStatus], head=head)


@get("/proposals/{name:str}/samples/{key:int}", access=authenticated, sync_to_thread=False)
def show_sample_of_proposal(
    request: Request[Any, Any, Any], name: FromPath[str], key: FromPath[int]
) -> Redirect:
    """As py-ispyb-ui has it."""
    root = request.url.path.partition("/proposals/")[0]
    return Redirect(f"{root}/samples/{key}", status_code=301)


@get("/proteins", access=authenticated, dependencies=asked(ProteinFilters))
async def list_proteins(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ProteinFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """All that the person may see."""
    return show("samples/proteins.html", page=await reader.page(PROTEINS, page, filters))


@get("/proteins/{key:int}", access=authenticated)
async def show_protein(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """A protein and its samples."""
    protein = await reader.get(PROTEINS, key)
    found = await reader.page(SAMPLES, page, SampleFilters(proteinId=key))
    states = await states_of(reader, found.results)
    drawn = await show.parts("protein", reader, key, protein)
    return show("samples/protein.html", protein=protein, page=found, states=states, drawn=drawn)


async def _place(reader: Reader, sample: Sample) -> Mapping[str, Any] | None:
    """The container that a sample is in, if it can be drawn."""
    kind = await container_type(reader, sample.containerId) if sample.location else None
    if layout_of(kind) is None or sample.containerId is None:
        return None
    held = await _held(reader, sample.containerId, kind)
    return {"container": sample.Container, "here": sample.location, **held}


async def _pictures(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    """The pictures of a sample, and which of their files are there."""
    found = await images.pictures(reader, int(asked.key or 0))
    there = await asked.files.exist([one.path for one in found])
    return {"pictures": list(zip(found, there, strict=True))} if found else None


async def _in_container(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    """The samples of a container, by their positions, and the sessions that change them."""
    container = asked.thing
    held = await _held(reader, int(asked.key or 0), container.containerType)
    mounted = container.beamlineLocation and container.sampleChangerLocation
    sessions = await running(reader, container.beamlineLocation) if mounted else []
    return {"container": container, "sessions": sessions, **held}


async def _held(reader: Reader, container: int, kind: str | None) -> dict[str, Any]:
    """What is in a container, and how it is drawn."""
    by_position = SampleFilters(containerId=container, order_by=SampleOrder.LOCATION, order=Order.ASC)
    page = await reader.page(SAMPLES, WHOLE, by_position)
    layout = layout_of(kind)
    return {
        "page": page,
        "held": {sample.location: sample for sample in reversed(page.results)},
        "layout": layout,
        "odd": odd_positions([sample.location for sample in page.results], layout),
        "states": await states_of(reader, page.results),
    }


async def _proteins(reader: Reader, asked: Asked, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """The protein of which each data collection was collected."""
    return {id: {"protein": one} for id, one in (await proteins_of_collections(reader, ids)).items()}


async def _find_samples(reader: Reader, text: str) -> Mapping[str, Any] | None:
    page = await reader.page(SAMPLES, FOUND, SampleFilters(search=text))
    return {"page": page, "states": await states_of(reader, page.results)} if page.results else None


async def _find_proteins(reader: Reader, text: str) -> Mapping[str, Any] | None:
    page = await reader.page(PROTEINS, FOUND, ProteinFilters(search=text))
    return {"page": page} if page.results else None


def pages() -> Pages:
    """The pages, and their places in others."""
    return Pages(
        [
            list_samples,
            show_sample,
            list_samples_of_proposal,
            show_sample_of_proposal,
            list_samples_of_session,
            list_proteins,
            show_protein,
            changer.show_changer,
            sheet.show_sheet,
            sheet.send_sheet,
            *(handler for form in FORMS for handler in form_pages(form)),
        ],
        Path(__file__).parents[1] / "templates",
        places=[Place("Samples", "/samples", 300)],
        tabs=[
            Tab("proposal", "Samples", "/proposals/{key}/samples", 200),
            Tab("session", "Samples", "/sessions/{key}/samples", 400),
        ],
        of_collections=[OfCollections({"name": "samples/protein_of_collection.html"}, _proteins, 100)],
        parts=[
            Part("container", "samples/container.html", _in_container, 100),
            Part("sample", "samples/pictures.html", _pictures, 200),
        ],
        finders=[
            Finder("samples/found_samples.html", _find_samples, 200),
            Finder("samples/found_proteins.html", _find_proteins, 300),
        ],
    )
