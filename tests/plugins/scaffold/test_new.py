"""`starbeam plugins new`."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from starbeam.cli.group import cli


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def succeeded(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def new(*words: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", "new", *words])


def test_new_writes_a_package_of_the_name(folder: Path) -> None:
    said = succeeded(new("beam_tuning", "--into", "mine"))
    assert "cd mine/starbeam-beam-tuning" in said
    made = Path("mine/starbeam-beam-tuning")
    files = sorted(str(file.relative_to(made)) for file in made.rglob("*") if file.is_file())
    package = "starbeam_beam_tuning"
    assert files == sorted(
        [
            "README.md",
            "pyproject.toml",
            *(
                f"{package}/{name}.py"
                for name in ("__init__", "models", "notes", "queries", "routes", "schemas", "settings")
            ),
            f"{package}/migrations/0001_notes.py",
            f"{package}/py.typed",
            "tests/test_beam_tuning.py",
            "tests/test_contract.py",
        ]
    )
    for file in made.rglob("*.py"):
        ast.parse(file.read_text())
    texts = {str(file): file.read_text() for file in made.rglob("*") if file.is_file()}
    assert [name for name, text in texts.items() if "skeleton" in text.lower()] == []
    project = tomllib.loads((made / "pyproject.toml").read_text())["project"]
    assert project["name"] == "starbeam-beam-tuning"
    assert project["entry-points"]["starbeam.plugins"] == {
        "beam_tuning": "starbeam_beam_tuning:BeamTuningPlugin"
    }
    assert "class BeamTuningNote(Base)" in (made / package / "models.py").read_text()
    assert "beamTuningNoteId: Mapped[int]" in (made / package / "models.py").read_text()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Tuning", "cannot be the name"),
        ("beam-tuning", "cannot be the name"),
        ("1beam", "cannot be the name"),
        ("beam__x", "cannot be the name"),
        ("../beam", "cannot be the name"),
        ("class", "cannot be the name"),
        ("b" * 31, "cannot be the name"),
        ("proposals", "is taken"),
        ("core", "is taken"),
        ("json", "is taken"),
        ("scaffold", "is taken"),
    ],
)
def test_new_refuses_bad_names(folder: Path, name: str, why: str) -> None:
    result = new(name)
    assert result.exit_code == 2
    assert why in result.stderr
    assert list(folder.iterdir()) == []


def test_new_overwrites_nothing(folder: Path) -> None:
    succeeded(new("radiation"))
    result = new("radiation")
    assert result.exit_code == 1
    assert "starbeam-radiation already" in result.stderr


def test_new_says_where_it_cannot_write(folder: Path) -> None:
    result = new("radiation", "--into", "/proc/none")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "starbeam: /proc/none: No such file or directory"
