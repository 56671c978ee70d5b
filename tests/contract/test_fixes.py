"""Every numbered `fix:` of the API's description has a test."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

from support.workspace import ROOT

LIST = tomllib.loads(Path(__file__).with_name("fixes.toml").read_text(encoding="utf-8"))
NUMBERS = {int(number) for number in LIST["fixes"]}


def marked() -> set[int]:
    """The numbers that the suite's tests are marked with: ``@pytest.mark.fix(n)``."""
    return {
        number
        for file in ROOT.glob("tests/**/test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fix"
        for argument in node.args
        if isinstance(number := ast.literal_eval(argument), int)
    }


def test_the_list_is_complete() -> None:
    assert sorted(NUMBERS) == list(range(1, 174))


def test_every_fix_has_a_test() -> None:
    assert marked() == NUMBERS
