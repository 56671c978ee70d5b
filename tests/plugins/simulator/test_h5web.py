"""What is simulated, read from a running server: by h5web as h5py does from the files, and image by image."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import fabio
import h5py
import httpx
import numpy as np
import pytest
import yaml

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_simulator.configuration import EXAMPLE
from starbeam_testing.app import TestDatabase
from support import h5web
from support.commands import SECRET, Site

EXPERIMENTS = {"rotation": 10, "grid": 384, "edge": 10, "movies": 3}
"""The experiments of the example whose data are HDF5, and their numbers of images."""
CBF = "characterisation"
"""One whose images are files of their own."""
SIGNALS = {
    **dict.fromkeys(("rotation", "edge", "movies"), ("photodiode", 1)),
    "grid": ("fluo_Fe", 2),
}
"""What h5web shows first of their scans, and its number of dimensions."""


def simulate(site: Site) -> int:
    """Simulate the experiments, as the data collections 1, 2 …; the key of who sees them."""
    values = yaml.safe_load(EXAMPLE.read_text()) | {"sessions": {"id01": "mx1-1"}}
    (site.folder / "simulation.yml").write_text(yaml.safe_dump(values))
    for experiment in (*EXPERIMENTS, CBF):
        words = ("simulate", "id01", experiment, "--simulation", "simulation.yml", "--delay", "0")
        ended = site.invoke(*words)
        assert ended.exit_code == 0, ended.stderr

    async def person() -> int:
        db = TestDatabase(f"sqlite+aiosqlite:///{site.folder}/union.db")
        key = await db.person("boss", "all_proposals")
        await db.engine.dispose()
        return key

    return asyncio.run(person())


def nodes(group: Any, path: str = "") -> Iterator[str]:
    """The paths of all that is below a group, behind links too."""
    for name, node in group.items():
        yield f"{path}/{name}"
        if isinstance(node, h5py.Group):
            yield from nodes(node, f"{path}/{name}")


def plain(value: Any) -> Any:
    """A value as JSON has it; arrays in one dimension."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray):
        return value.ravel().tolist()
    return value.item() if isinstance(value, np.generic) else value


def questions(file: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """What h5web is asked of a file, with what h5py says: of images only the last is asked for."""
    paths = list(nodes(file))
    yield {"ask": "paths", "path": "/"}, sorted(["/", *paths])
    for path in paths:
        node = file[path]
        attributes = {name: plain(value) for name, value in node.attrs.items()}
        yield {"ask": "attributes", "path": path}, attributes
        if isinstance(node, h5py.Group):
            yield {"ask": "entity", "path": path}, sorted(node)
        else:
            yield {"ask": "entity", "path": path}, list(node.shape)
            last = {"selection": f"{node.shape[0] - 1},:,:"} if node.ndim == 3 else {}
            yield {"ask": "value", "path": path, **last}, plain(node[-1] if last else node[()])


def told(question: dict[str, Any], answer: Any) -> Any:
    """An answer of h5web in the same form."""
    if question["ask"] == "paths":
        return sorted(answer)
    if question["ask"] != "entity":
        return answer
    if answer["kind"] == "group":
        return sorted(child["name"] for child in answer["children"])
    return answer["shape"].get("dims", [])


@pytest.mark.long
def test_what_is_simulated_is_served(site: Site) -> None:
    site.plugins = [*site.plugins, "data"]
    site.more = f'[files]\nroots = ["{site.folder}"]\n'
    token = Tokens(Auth(secret_key=SECRET)).make("boss", simulate(site), ())
    asked, last = list[tuple[dict[str, Any], Any]](), list[Any]()
    for key, (experiment, images) in enumerate(EXPERIMENTS.items(), 1):
        (master,) = site.folder.glob(
            f"starbeam-demo.files/simulated/id01/mx1/*/*_{key}/{experiment}_master.h5"
        )
        with h5py.File(master) as file:
            row = {"row": {"dataCollectionId": key}}
            asked += [({**row, **question}, expected) for question, expected in questions(file)]
            assert defaults(file) == ("/entry/data/data_000001", 3)
            last.append(file["/entry/data/data_000001"][images - 1])
            signal, dimensions = SIGNALS[experiment]
            assert defaults(file["1.1"]) == (f"/1.1/measurement/{signal}", dimensions)
    (cbf,) = site.folder.glob("starbeam-demo.files/simulated/id01/mx1/*/*_5/ref_0004.cbf")
    last.append(fabio.open(str(cbf)).data)
    with site.serving("serve", "--config", str(site.config)) as server:
        url = f"http://127.0.0.1:{server.port}/ispyb/api/v1/data"
        answers = h5web.ask(f"{url}/h5grove", token, *(question for question, _ in asked))
        head = {"Authorization": f"Bearer {token}"}
        served = [
            httpx.get(f"{url}/images?dataCollectionId={key}&imageNumber={number}", headers=head).content
            for key, number in enumerate((*EXPERIMENTS.values(), 4), 1)
        ]
    for (question, expected), answer in zip(asked, answers, strict=True):
        assert told(question, answer["answer"]) == expected, question
    assert served == [image.astype("<f4").tobytes() for image in last]


def defaults(group: Any) -> tuple[str, int]:
    """What NeXus shows first: the path of the signal, and its number of dimensions."""
    while default := group.attrs.get("default"):
        group = group[default]
    assert group.attrs["NX_class"] == "NXdata"
    signal = group[group.attrs["signal"]]
    for other in group.attrs.get("auxiliary_signals", ()):
        assert group[other].shape == signal.shape
    return f"{group.name}/{group.attrs['signal']}", signal.ndim
