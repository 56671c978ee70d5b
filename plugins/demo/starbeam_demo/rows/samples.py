"""What is studied: proteins and other components, their crystals, and samples in containers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import chain
from random import Random
from uuid import UUID

from starbeam.api.demo import Row
from starbeam_demo.facility import Technique
from starbeam_demo.rows.proposals import technique_of
from starbeam_demo.words import WORDS
from starbeam_demo.world import World, grouped
from starbeam_ispyb import models as m


async def fill(world: World) -> None:
    """Components and crystals of each proposal, and samples in its containers."""
    world.proteins = await world.add(m.Protein, _proteins_of_all(world))
    crystals = chain.from_iterable(_crystals(world.random, row) for row in world.proteins)
    world.crystals = await world.add(m.Crystal, crystals)
    world.samples = await world.add(m.BLSample, _samples_of_all(world))


def _proteins_of_all(world: World) -> Iterator[Row]:
    sessions = grouped(world.sessions, "proposalId")
    for proposal in world.proposals:
        used = [world.line_of(row).technique for row in sessions[proposal["proposalId"]]]
        technique = used[-1] if used else technique_of(proposal)
        yield from _proteins(world.random, proposal, technique)


def _samples_of_all(world: World) -> Iterator[Row]:
    acronyms = {row["proteinId"]: row["acronym"] for row in world.proteins}
    proposals = {row["proteinId"]: row["proposalId"] for row in world.proteins}
    crystals = defaultdict(list)
    for row in world.crystals:
        crystals[proposals[row["proteinId"]]].append(row)
    of_container = _proposal_of_container(world)
    for container in world.containers:
        own = crystals[of_container[container["containerId"]]]
        yield from _samples(world.random, container, own, acronyms)


def _proposal_of_container(world: World) -> dict[int, int]:
    """The proposal of each container, by keys."""
    shipments = {row["shippingId"]: row["proposalId"] for row in world.shippings}
    dewars = {row["dewarId"]: shipments[row["shippingId"]] for row in world.dewars}
    return {row["containerId"]: dewars[row["dewarId"]] for row in world.containers}


def _proteins(rng: Random, proposal: Row, technique: Technique) -> Iterator[Row]:
    """Rows of `Protein`: what a proposal studies."""
    known = WORDS.materials if technique == "spectroscopy" else WORDS.proteins
    for component in rng.sample(known, rng.randint(2, 5)):
        yield {
            "proposalId": proposal["proposalId"],
            "personId": proposal["personId"],
            "name": component.name,
            "acronym": component.acronym,
            "description": f"{component.name}, batch {rng.randint(1, 9)}",
            "hazardGroup": 1,
            "containmentLevel": 1,
            "safetyLevel": rng.choice(("GREEN", "GREEN", "YELLOW")),
            "molecularMass": component.mass,
            "proteinType": "ORGANIC" if component.sequence else None,
            "sequence": component.sequence,
            "density": component.density * 1000,  # g/L
            "isCreatedBySampleSheet": 0,
            "externalId": rng.randbytes(16),
            "bltimeStamp": proposal["bltimeStamp"] + timedelta(days=1),
        }


_CELL = ("cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma")


def _crystals(rng: Random, protein: Row) -> Iterator[Row]:
    """Rows of `Crystal`: one to three forms of a protein; of another component one, without a cell."""
    forms = rng.sample(WORDS.crystals, rng.randint(1, 3)) if protein["sequence"] else [None]
    for number, form in enumerate(forms, 1):
        cell = dict(zip(_CELL, form.cell if form else [None] * 6, strict=True))
        size = round(rng.uniform(0.01, 0.3), 3)
        yield {
            "proteinId": protein["proteinId"],
            "crystalUUID": str(UUID(bytes=rng.randbytes(16), version=4)),
            "name": f"{protein['acronym']}-{number}",
            "spaceGroup": form.space_group if form else None,
            "morphology": form.morphology if form else None,
            "color": "colourless" if form else None,
            "size_X": size,
            "size_Y": size,
            "size_Z": round(size / 2, 3),
            **cell,
            "comments": None,
            "abundance": None if form else round(rng.uniform(0.01, 0.2), 3),
            "recordTimeStamp": protein["bltimeStamp"],
        }


def _samples(
    rng: Random, container: Row, crystals: Sequence[Row], acronyms: Mapping[int, str]
) -> Iterator[Row]:
    """Rows of `BLSample`: a container, filled from its first place on. `acronyms` is by `proteinId`."""
    capacity = container["capacity"]
    on_pin = container["containerType"] in ("Unipuck", "SpinePlus")
    for place in range(1, rng.randint((capacity + 1) // 2, capacity) + 1):
        crystal = rng.choice(crystals)
        yield {
            "crystalId": crystal["crystalId"],
            "containerId": container["containerId"],
            "name": f"{acronyms[crystal['proteinId']]}_{container['code']}_{place}",
            "code": f"HA{container['containerId']:05d}{place:02d}",
            "location": str(place),
            "holderLength": 22.0 if on_pin else None,
            "loopType": rng.choice(("Nylon", "Kapton mesh")) if on_pin else None,
            "comments": rng.choice((None, None, None, "Slight ice ring", "Best of its drop")),
            "isInSampleChanger": int(container["sampleChangerLocation"] is not None),
            "blSampleStatus": container["containerStatus"],
            "recordTimeStamp": container["bltimeStamp"],
        }
