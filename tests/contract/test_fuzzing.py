"""The served document, tried by schemathesis: no 5xx, no undocumented status, right schemas.

What is sent, which checks hold and where they do not on purpose is said in `fuzzing.toml`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from support.served import serving

if TYPE_CHECKING:
    from contract.conftest import Whole
    from support.schemas import Kind

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.on("sqlite-union", "mariadb-diamond", late=["mariadb-community"]),
]

PROGRAM = Path(sys.executable).with_name("schemathesis")
LISTS = Path(__file__).with_name("fuzzing.toml")
SHARES = {"sqlite-union": 0, "mariadb-community": 4, "mariadb-diamond": 8}
"""Which twelfth of the operations is tried every day on which database; together a quarter. All of them, at
random too, with `make fuzz`."""


def operations(whole: Whole) -> list[str]:
    """The names of all operations."""
    paths = whole.document["paths"]
    return [operation["operationId"] for path in sorted(paths) for operation in paths[path].values()]


async def tried(whole: Whole, folder: Path, caller: str, *words: str) -> tuple[int | None, str]:
    """How schemathesis ends, which is 0 where it finds nothing, and what it says."""
    headers = (f"--header={name}:{value}" for name, value in whole.headers[caller].items())
    file = folder / "openapi.json"
    file.write_text(json.dumps(whole.document))
    async with serving(whole.app) as root:
        program = await asyncio.create_subprocess_exec(
            *(PROGRAM, "--config-file", LISTS, "run", file, "--url", urljoin(root, "/"), *headers, *words),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await program.communicate()
    return program.returncode, said.decode()


async def test_a_share_of_the_operations(whole: Whole, tmp_path: Path, kind: Kind) -> None:
    """With whatever values, limits and types of the document lead to, in a fixed order."""
    some = (f"--include-operation-id={name}" for name in operations(whole)[SHARES[str(kind)] :: 12])
    ended, said = await tried(whole, tmp_path, "administrator", "--phases=examples,coverage", *some)
    assert ended == 0, said


@pytest.mark.long
@pytest.mark.parametrize("caller", ["administrator", "session_member"])
async def test_every_operation(whole: Whole, tmp_path: Path, caller: str) -> None:
    """With these values, and at random."""
    words = "--phases=examples,coverage,fuzzing", "--max-examples=20"
    ended, said = await tried(whole, tmp_path, caller, *words)
    assert ended == 0, said
