"""What microscopes recorded: movies, what is made of them, and particles."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

from starbeam.api.demo import Row
from starbeam_demo.content.movies import CLASSES, Movie, class_row, classification, picker
from starbeam_demo.kit import pictures
from starbeam_demo.kit.drawing import save
from starbeam_demo.kit.randomness import seeded
from starbeam_demo.world import World
from starbeam_em_legacy.models import ParticleClassification, ParticleClassificationGroup, ParticlePicker
from starbeam_ispyb import models as m

MOVIES = 6
"""How many movies of a data collection are shown; the microscope took hundreds."""
KINDS = 4
"""How many different movies there are to see."""
SIDE = 256
"""Width and height of the micrographs, in pixels."""


async def fill(world: World) -> None:
    """Hang movies and particles on the data collections that microscopes took."""
    found, rows = list[Movie](), list[Row]()
    collections = [one for one in world.collections if one["experimentType"] == "EM"]
    for collection in collections:
        for number in range(1, MOVIES + 1):
            movie = _movie(world, collection, number, len(found))
            taken = collection["startTime"] + timedelta(seconds=40 * number)
            found.append(movie)
            rows.append(movie.row(collection["dataCollectionId"], number, taken))
    rows = await world.add(m.Movie, rows)
    corrected = (movie.correction(row["movieId"]) for movie, row in zip(found, rows, strict=True))
    corrections = await world.add(m.MotionCorrection, corrected)
    keys = [row["motionCorrectionId"] for row in corrections]
    await world.add(m.CTF, (movie.ctf(key) for movie, key in zip(found, keys, strict=True)))
    await _particles(world, collections, keys[::MOVIES])


def _movie(world: World, collection: Row, number: int, kind: int) -> Movie:
    stem = Path(collection["imageDirectory"]) / f"FoilHole_{number:04d}"
    movie = Movie(stem, "demo movie", kind % KINDS)
    if collection["dataCollectionId"] in world.jobs:
        movie.draw(SIDE, world.alike.write)
    return movie


async def _particles(world: World, collections: list[Row], corrections: list[int]) -> None:
    """Particles of each data collection, which hang on its first motion correction, and their classes."""
    rng = world.random
    picked = await world.add(
        ParticlePicker,
        (
            picker(key, float(rng.randrange(100, 400, 10)), rng.randrange(20_000, 200_000))
            for key in corrections
        ),
    )
    groups = await world.add(
        ParticleClassificationGroup,
        (classification(row["particlePickerId"], row["numberOfParticles"]) for row in picked),
    )
    await world.add(
        ParticleClassification,
        (
            _class(world, collection, group, number)
            for collection, group in zip(collections, groups, strict=True)
            for number in range(1, CLASSES + 1)
        ),
    )


def _class(world: World, collection: Row, group: Row, number: int) -> Row:
    """A class of particles, with the picture of their average."""
    key = group["particleClassificationGroupId"]
    row = class_row(seeded("demo class", key, number), key, number, group["numberOfParticlesPerBatch"])
    file = Path(collection["imageDirectory"]) / f"class_{number}.png"
    if collection["dataCollectionId"] in world.jobs:
        world.alike.write(("class", number), file, partial(_draw_class, number))
    return row | {"classImageFullPath": str(file)}


def _draw_class(number: int, file: Path) -> None:
    save(pictures.particle_class(seeded("demo class", number)), file)
