"""Clients that are generated from an API document, and what they make of answers.

`install_generators.sh` installs the generators.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support.commands import PATIENCE
from support.workspace import ROOT

FOLDER = ROOT / ".venv" / "generators"
SOURCES = Path(__file__).with_name("generated")
BINARY = {"image/*": "application/octet-stream", "image/png": "application/octet-stream"}
"""What openapi-python-client has to be told of pictures, since it knows no media type of them."""


@dataclass(frozen=True)
class Answer:
    """An answer to an operation: its id and path in the document, and the body as latin-1 text."""

    operation: str
    path: str
    status: int
    type: str
    body: str


def openapi_generator(document: Path, folder: Path) -> None:
    """Generate a Python client with openapi-generator. Raises AssertionError with what it says."""
    run(str(FOLDER / "bin/openapi-generator-cli"), "generate", "-i", document, "-g", "python", "-o", folder)


def openapi_python_client(document: Path, folder: Path) -> str:
    """Generate a client with openapi-python-client; what it warns of."""
    config = folder.with_suffix(".json")
    config.write_text(json.dumps({"content_type_overrides": BINARY, "post_hooks": []}), encoding="utf-8")
    command = FOLDER / "bin/openapi-python-client"
    said = run(command, "generate", "--path", document, "--config", config, "--output-path", folder)
    return said.replace(f"Generating {folder}", "").strip()


def parsed(program: str, client: Path, answers: Iterable[Answer]) -> list[str]:
    """What a generated client cannot parse, by `SOURCES/<program>.py`."""
    sent = json.dumps([asdict(one) for one in answers])
    said = run(FOLDER / "bin/python", SOURCES / f"{program}.py", client, content=sent)
    failed: list[str] = json.loads(said)
    return failed


def typescript(document: Path, folder: Path, answers: Iterable[Answer]) -> str:
    """What the compiler says of types made of a document, and of JSON answers as values of these types."""
    run("node", FOLDER / "node_modules/openapi-typescript/bin/cli.js", document, "-o", folder / "types.ts")
    paths = json.loads(document.read_text(encoding="utf-8"))["paths"]
    values = [
        f'export const a{number}: paths["{one.path}"]["get"]["responses"][{one.status}]["content"]'
        f'["application/json"] = {one.body.encode("latin-1").decode()};'
        for number, one in enumerate(answers)
        if "application/json" in paths[one.path]["get"]["responses"][str(one.status)]["content"]
    ]
    source = ['import type { paths } from "./types.ts";', *values]
    (folder / "answers.ts").write_text("\n".join(source), encoding="utf-8")
    options = (
        "--strict",
        "--noEmit",
        "--allowImportingTsExtensions",
        "--module",
        "esnext",
        "--target",
        "es2022",
    )
    compiler = FOLDER / "node_modules/typescript/bin/tsc"
    return run("node", compiler, *options, folder / "answers.ts", may_fail=True)


def run(*command: Any, content: str = "", may_fail: bool = False) -> str:
    """What a program writes to standard output."""
    if not FOLDER.is_dir():
        raise RuntimeError("the generators are not installed: run tests/support/install_generators.sh")
    ended = subprocess.run(
        [str(part) for part in command],
        input=content,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert may_fail or ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
