"""One simulated data collection: its rows, its files, and what others do around it. Whole, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.api import NOBODY
from starbeam.api.database import Schema, enum_values, first_line, trouble
from starbeam.api.tools import HookFailed
from starbeam_demo.content import CONTENT
from starbeam_demo.content.job import FRAMES, WAVELENGTH, Grid, Job, Made, Ref
from starbeam_ispyb.models import DataCollection, DataCollectionGroup, GridInfo
from starbeam_simulator.configuration import Configuration, Experiment
from starbeam_simulator.errors import SimulationError
from starbeam_simulator.folders import Folder
from starbeam_simulator.parents import Parents, Visit, find_session
from starbeam_simulator.rows import Rows
from starbeam_simulator.stopping import finished, in_thread

if TYPE_CHECKING:
    from starbeam.api.tools import Starbeam

LASTS = timedelta(minutes=5)
"""How long a simulated data collection takes."""
BEFORE, AFTER = "before_datacollection", "after_datacollection"
"""The hooks, and the entry points below `ispyb.simulator`."""


@dataclass(frozen=True)
class Collected:
    """A data collection that was simulated."""

    dataCollectionId: int
    visit: Visit
    folder: Path


class Simulator:
    """Simulates the experiments of one configuration."""

    def __init__(
        self,
        starbeam: Starbeam,
        configuration: Configuration,
        warn: Callable[[str], None],
        seed: str = "simulator",
    ) -> None:
        self.starbeam = starbeam
        self.configuration = configuration
        self.simulation = configuration.simulation
        self.warn = warn
        self.seed = seed

    async def run(
        self, beamline: str, experiment: str, *, delay: float, tell: Callable[[str], object]
    ) -> Collected:
        """Simulate an experiment on a beamline; after `delay` seconds it is over.

        Raises `SimulationError` when something is wrong. Then, and when the task is cancelled, nothing is
        left behind, in the database or in the file system.
        """
        schema = await self.starbeam.database.ready()
        found = self.configuration.check(beamline, experiment, experiment_types(schema))
        rows, folders = Rows(await self.starbeam.write(NOBODY), schema), list[Folder]()
        async with undone_on_failure(rows, folders):
            tell("rows")
            collection = await finished(_Collection.create(self, rows, beamline, found))
            folders.append(collection.folder)
            tell("hooks before the data collection")
            await self._hooks(BEFORE, collection.key)
            tell("files")
            await collection.add_files()
            tell(f"collecting for {delay:g} s")
            await asyncio.sleep(delay)
            tell("hooks after the data collection")
            await self._hooks(AFTER, collection.key)
        return Collected(collection.key, collection.visit, collection.folder.path)

    async def _hooks(self, name: str, key: int) -> None:
        """Call the entry points of the group, then the plugins' hooks, in a thread."""
        plugins = self.starbeam.plugins

        def call() -> None:
            for point in entry_points(group=f"ispyb.simulator.{name}"):
                point.load()(key)
            if "simulator" in plugins.enabled:  # which brings the hooks
                plugins.run(name, data_collection_id=key)

        try:
            await in_thread(call)
        except HookFailed as error:
            raise SimulationError(str(error)) from error


@dataclass
class _Collection:
    """A data collection whose rows are there."""

    simulator: Simulator
    rows: Rows
    experiment: Experiment
    visit: Visit
    key: int
    folder: Folder
    job: Job

    @classmethod
    async def create(
        cls, simulator: Simulator, rows: Rows, beamline: str, experiment: Experiment
    ) -> _Collection:
        """Write the rows of the data collection and of all that it hangs on, in one transaction."""
        simulation, starbeam = simulator.simulation, simulator.starbeam
        sample = simulation.samples[experiment.sample]
        now = starbeam.clock.now().replace(microsecond=0)
        async with rows.transaction(alone="simulator") as session:
            visit = await find_session(session, simulator.configuration, beamline)
            parents = Parents(session, rows, visit, now)
            sample_id = await parents.sample(sample, simulation.components[sample.component])
            spot = experiment.subsample
            sub_id = await parents.subsample(sample_id, spot) if spot else None
            times = {"startTime": now, "endTime": now + LASTS}
            group = await rows.add(
                session,
                DataCollectionGroup,
                sessionId=visit.sessionId,
                blSampleId=sample_id,
                experimentType=experiment.experimentType,
                **times,
            )
            key = await rows.add(
                session,
                DataCollection,
                dataCollectionGroupId=group,
                blSampleId=sample_id,
                blSubSampleId=sub_id,
                **_measured(experiment),
                **times,
            )
            grid_id = await _grid(session, rows, experiment.grid, group, key) if experiment.grid else None
        place = simulation.folder(beamline) / visit.proposal / experiment.sample
        folder = Folder(place / f"{experiment.sample}_{key}")
        job = Job(
            folder=folder.path,
            seed=f"{simulator.seed} {key}",
            collection=key,
            session=visit.sessionId,
            sample=sample_id,
            start=now,
            end=now + LASTS,
            grid_id=grid_id,
            proceed=folder.proceed,
            **_asked(experiment),
        )
        return cls(simulator, rows, experiment, visit, key, folder, job)

    async def add_files(self) -> None:
        """Copy, link or make the files, and name them in the rows."""
        made = await in_thread(self._write, self.folder.stop.set)
        await finished(self._name_files(made))

    async def _name_files(self, made: list[Made]) -> None:
        columns: dict[str, Any] = {"imageDirectory": str(self.folder.path)}
        async with self.rows.transaction() as session:
            for one in made:
                columns.update(one.collection)
                await self._add_rows(session, one)
            await self.rows.change(session, DataCollection, self.key, **columns)

    async def _add_rows(self, session: AsyncSession, made: Made) -> None:
        keys: dict[str, int] = {}
        for new in made.rows:
            if self.rows.schema.has(new.needs or new.model):
                values = {
                    name: keys[value] if isinstance(value, Ref) else value
                    for name, value in new.values.items()
                }
                keys[new.name] = await self.rows.add(session, new.model, **values)

    def _write(self) -> list[Made]:
        """All files; blocks."""
        self.folder.create()
        simulation, experiment = self.simulator.simulation, self.experiment
        if "frames" not in experiment.generate:
            self.folder.bring(simulation.raw(experiment.data), simulation.copy_method)
        made = list[Made]()
        for name in CONTENT:
            if name in experiment.generate:
                self.folder.proceed()
                made.append(CONTENT[name](self.job))
        return [*made, Made(self._snapshots())]

    def _snapshots(self) -> dict[str, str]:
        """Copy the snapshots that are there, with their thumbnails; columns by name."""
        simulation, columns = self.simulator.simulation, {}
        for column, name in self.experiment.snapshots.items():
            source = simulation.raw(name)
            if not source.is_file():
                self.simulator.warn(f"there is no snapshot {source}")
                continue
            columns[column] = str(self.folder.bring(source, simulation.copy_method))
            small = source.with_name(f"{source.stem}t{source.suffix}")
            if small.is_file():
                self.folder.bring(small, simulation.copy_method)
            else:
                self.simulator.warn(f"there is no thumbnail {small}")
        return columns


def _asked(experiment: Experiment) -> dict[str, Any]:
    """What an experiment says of the content that is made."""
    return {
        "data": Path(experiment.data).name,
        "images": experiment.numberOfImages or FRAMES,
        "wavelength": experiment.wavelength or WAVELENGTH,
        "exposure": experiment.exposureTime or 0.02,
        "sub_path": experiment.imageContainerSubPath,
        "grid": experiment.grid,
    }


def _measured(experiment: Experiment) -> dict[str, Any]:
    return {
        "fileTemplate": Path(experiment.data).name,
        "imageContainerSubPath": experiment.imageContainerSubPath,
        "numberOfImages": experiment.numberOfImages,
        "wavelength": experiment.wavelength,
        "exposureTime": experiment.exposureTime,
        "runStatus": "Successful",
        "comments": "Simulated datacollection",
    }


async def _grid(session: AsyncSession, rows: Rows, grid: Grid, group: int, collection: int) -> int:
    """The grid, linked to the data collection where the schema can, else to its group."""
    direct = rows.schema.has(GridInfo.dataCollectionId)
    link = {"dataCollectionId": collection} if direct else {"dataCollectionGroupId": group}
    return await rows.add(
        session,
        GridInfo,
        **link,
        steps_x=grid.steps_x,
        steps_y=grid.steps_y,
        dx_mm=grid.dx_mm,
        dy_mm=grid.dy_mm,
        snapshot_offsetXPixel=grid.snapshot_offsetXPixel,
        snapshot_offsetYPixel=grid.snapshot_offsetYPixel,
        pixelspermicronX=grid.pixelsPerMicronX,
        pixelspermicronY=grid.pixelsPerMicronY,
    )


def experiment_types(schema: Schema) -> list[str]:
    """The experiment types that the database knows."""
    column = schema.found(DataCollectionGroup.__tablename__, "experimentType")
    return list(enum_values(column.type)) if column else []


@asynccontextmanager
async def undone_on_failure(rows: Rows, folders: list[Folder]) -> AsyncIterator[None]:
    """Remove these rows and folders when the block fails or is interrupted. Raises what `_as_refusal` makes
    of the error."""
    try:
        yield
    except BaseException as error:
        for folder in folders:
            folder.remove()
        await rows.remove()
        raise _as_refusal(error) from error


def _as_refusal(error: BaseException) -> BaseException:
    """An error as a `SimulationError`; what interrupts, and what tells of an absent database, as it is."""
    if isinstance(error, SimulationError) or not isinstance(error, Exception):
        return error
    if trouble(error) is not None:
        return error
    if isinstance(error, SQLAlchemyError):
        return SimulationError(f"the database refuses a row: {first_line(error)}")
    return SimulationError(str(error) or type(error).__name__)
