"""What all tests share.

`db`, `make_app` and `as_user` come from `starbeam_testing`. Here the database is one of four: a test that
asks for `db` (or `make_app`) runs on SQLite; one marked `@pytest.mark.four_databases` runs on SQLite (union)
and on MariaDB (union, community, diamond); one marked `@pytest.mark.on("mariadb-diamond", …)` on those named.
`kind` says which it is.
"""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import settings

from support.schemas import KINDS, SQLITE, Kind, fresh_database

logging.getLogger("httpx").setLevel(logging.WARNING)  # lines of the client, with whole addresses, are kept

settings.register_profile("suite", deadline=None)  # a busy machine is no fault
settings.load_profile("suite")


@pytest.fixture
def anyio_backend() -> str:
    """Asyncio is what the server runs on."""
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on the databases that its marks name."""
    if "kind" not in metafunc.fixturenames:
        return
    kinds = [SQLITE]
    if metafunc.definition.get_closest_marker("four_databases"):
        kinds = list(KINDS)
    elif mark := metafunc.definition.get_closest_marker("on"):
        kinds = [kind for kind in KINDS if str(kind) in mark.args]
    metafunc.parametrize("kind", kinds, ids=str)


@pytest.fixture
def kind() -> Kind:
    """Which database the test runs on."""
    return SQLITE


@pytest.fixture
async def database_url(kind: Kind, tmp_path: Path) -> str:
    """A fresh database of this kind."""
    return await fresh_database(kind, tmp_path)
