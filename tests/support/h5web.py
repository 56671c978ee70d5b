"""h5web, the viewer, asking a server from node: see `h5web.mjs`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from support.commands import PATIENCE
from support.processes import program
from support.workspace import ROOT

SOURCE = Path(__file__).with_name("h5web.mjs")
FOLDER = ROOT / ".venv" / "h5web"


def ask(url: str, token: str, *questions: dict[str, Any]) -> list[dict[str, Any]]:
    """What h5web's provider of h5grove makes of a server's answers to these questions."""
    if not (FOLDER / "node_modules").is_dir():
        raise RuntimeError("h5web is not installed: run tests/support/install_h5web.sh")
    command = [program("node", "nodejs"), "--input-type=module", "--eval", SOURCE.read_text("utf-8")]
    ended = subprocess.run(
        [*command, url, token],
        cwd=FOLDER,
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    answers: list[dict[str, Any]] = json.loads(ended.stdout)
    return answers
