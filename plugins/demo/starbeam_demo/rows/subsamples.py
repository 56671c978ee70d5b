"""Of the demo's samples: kinds of components, structure files, sub samples, pictures, and what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import update

from starbeam.api.demo import Row
from starbeam_demo.kit import pictures
from starbeam_demo.kit.drawing import save
from starbeam_demo.kit.randomness import seeded
from starbeam_demo.world import World
from starbeam_ispyb import models as m
from starbeam_samples.models import BLSampleImage, ComponentType, ContainerQueueSample, Protein_has_PDB

KINDS = ("Protein", "DNA", "Small molecule", "RNA")
CRYSTALS = 5
"""How many different ones pictures show."""
WIDTH, HEIGHT = 320, 240
"""Of a picture, in pixels."""
MICRONS_PER_PIXEL = 1.25


async def fill(world: World) -> None:
    """Add to proteins, samples and containers."""
    rng = world.random
    kinds = await world.add(ComponentType, ({"name": name} for name in KINDS))
    protein, molecule = kinds[0]["componentTypeId"], kinds[2]["componentTypeId"]
    for with_sequence, kind in ((True, protein), (False, molecule)):
        has_one = m.Protein.sequence.is_not(None) if with_sequence else m.Protein.sequence.is_(None)
        await world.session.execute(update(m.Protein).where(has_one).values(componentTypeId=kind))
    await world.add(Protein_has_PDB, structures(rng, world.proteins))
    folders = sample_folders(world.groups, world.folders)
    seen = [sample for sample in world.samples if sample["blSampleId"] in folders]
    positions = await world.add(m.Position, places(rng, 2 * len(seen)))
    world.subsamples = await world.add(m.BLSubSample, subsamples(seen, positions))
    shown = {group["blSampleId"] for group in world.groups if group["sessionId"] in world.with_files}
    pictured = images((sample for sample in seen if sample["blSampleId"] in shown), folders)
    for number, image in enumerate(await world.add(BLSampleImage, pictured)):
        kind = number % CRYSTALS
        world.alike.write(("sample", kind), image["imageFullPath"], partial(draw, kind))
    await world.add(ContainerQueueSample, waiting(world.samples, folders))


def structures(rng: Random, proteins: Iterable[Row]) -> Iterator[Row]:
    """Rows of `Protein_has_PDB`: a structure file or two of every third protein with a sequence."""
    known = [protein for protein in proteins if protein["sequence"]]
    for number, protein in enumerate(known[::3], 1):
        for pdb in range(rng.choice((1, 2))):
            yield {"proteinid": protein["proteinId"], "pdbid": 10 * number + pdb}


def sample_folders(groups: Iterable[Row], folders: dict[int, Path]) -> dict[int, Path]:
    """By `blSampleId`, the folder of the first session in which data were collected on the sample."""
    found: dict[int, Path] = {}
    for group in groups:
        if group["blSampleId"]:
            found.setdefault(group["blSampleId"], Path(folders[group["sessionId"]]))
    return found


def places(rng: Random, count: int) -> Iterator[Row]:
    """Rows of `Position`, in the pixels of a picture."""
    for _ in range(count):
        yield {"posX": float(rng.randrange(WIDTH)), "posY": float(rng.randrange(HEIGHT)), "posZ": 0.0}


def subsamples(samples: Iterable[Row], positions: list[Row]) -> Iterator[Row]:
    """Rows of `BLSubSample`: a point on one sample, an area with two corners on the next."""
    for number, sample in enumerate(samples):
        area = number % 2 == 1
        yield {
            "blSampleId": sample["blSampleId"],
            "positionId": positions[2 * number]["positionId"],
            "position2Id": positions[2 * number + 1]["positionId"] if area else None,
            "type": "roi" if area else "poi",
            "comments": "Clear part" if area else None,
            "recordTimeStamp": sample["recordTimeStamp"],
        }


def images(samples: Iterable[Row], folders: dict[int, Path]) -> Iterator[Row]:
    """Rows of `BLSampleImage`: a picture of each of these samples."""
    for sample in samples:
        ending = "png" if sample["blSampleId"] % 4 == 0 else "jpg"
        file = folders[sample["blSampleId"]] / "samples" / f"{sample['name']}.{ending}"
        yield {
            "blSampleId": sample["blSampleId"],
            "micronsPerPixelX": MICRONS_PER_PIXEL,
            "micronsPerPixelY": MICRONS_PER_PIXEL,
            "imageFullPath": str(file),
            "offsetX": 10,
            "offsetY": -5,
            "blTimeStamp": sample["recordTimeStamp"],
        }


def draw(kind: int, file: Path) -> None:
    """Write a picture of a sample."""
    save(pictures.crystal(seeded("demo sample", kind), size=(WIDTH, HEIGHT)), file)


def waiting(samples: Iterable[Row], measured: Iterable[int]) -> Iterator[Row]:
    """Rows of `ContainerQueueSample`: every fifth sample that nothing was collected on waits."""
    done = set(measured)
    rest = [sample for sample in samples if sample["blSampleId"] not in done]
    for sample in rest[::5]:
        yield {"blSampleId": sample["blSampleId"], "dataCollectionPlanId": None, "status": None}
