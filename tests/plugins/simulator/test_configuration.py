"""What a configuration of simulations may say, and how its mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from plugins.simulator.conftest import settings
from starbeam_simulator.configuration import load
from starbeam_simulator.errors import SimulationError

MINIMAL = """\
sessions: {id01: mx1-1}
data_dir: data
components:
  c1:
    acronym: Lyso
samples:
  1:
    name: one
    component: c1
experiments:
  scan:
    experimentType: OSC
    data: scan.h5
    sample: "1"
"""
MISTAKES = {
    "numberOfImages: many": "line 15: experiments.scan.numberOfImages: expected an integer of at least 1",
    "numberOfImages: 0": "line 15: experiments.scan.numberOfImages: expected an integer of at least 1",
    "wavelength: 0": "line 15: experiments.scan.wavelength: expected a number above 0",
    "generate: [fames]": "line 15: experiments.scan.generate[0]: expected one of",
    "grid: {steps_x: two}": "line 15: experiments.scan.grid.steps_x: expected a number",
    "subsample: 3": "line 15: experiments.scan.subsample: expected a table",
}


def written(folder: Path, text: str, name: str = "simulation.yml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_tells_file_line_and_key(tmp_path: Path, line: str) -> None:
    file = written(tmp_path, f"{MINIMAL}    {line}\n")
    with pytest.raises(SimulationError) as error:
        load(file)
    assert str(error.value).startswith(f"{file}, {MISTAKES[line]}")


def test_a_missing_key_tells_the_line_of_its_table(tmp_path: Path) -> None:
    file = written(tmp_path, MINIMAL.replace("    data: scan.h5\n", "").replace("data_dir: data\n", ""))
    with pytest.raises(SimulationError) as error:
        load(file)
    assert str(error.value) == f"{file}: data_dir: is required"
    assert error.value.hint == "Also wrong: experiments.scan.data"
    file = written(tmp_path, MINIMAL.replace("    data: scan.h5\n", ""))
    with pytest.raises(SimulationError, match=r", line 11: experiments\.scan\.data: is required$"):
        load(file)


def test_an_unknown_key_is_a_warning(tmp_path: Path) -> None:
    file = written(tmp_path, f"{MINIMAL}    wavelenght: 1\n")
    loaded = load(file)
    assert list(loaded.simulation.experiments) == ["scan"]
    assert loaded.warnings == [
        f"{file}, line 15: experiments.scan.wavelenght: unknown key."
        " Did you mean experiments.scan.wavelength?"
    ]


def test_references_may_be_numbers(tmp_path: Path) -> None:
    assert list(load(written(tmp_path, MINIMAL)).simulation.samples) == ["1"]


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("a: [1\nb: 2\n", "bad.yml", "bad.yml, line 2: "),
        ("- 1\n", "list.yml", "list.yml holds no table of settings"),
        ("", "empty.yml", "empty.yml holds no table of settings"),
        ("a: &a\n  b: *a\n", "itself.yml", "itself.yml is nested too deep, or a part of it contains itself"),
        ("a = \n", "bad.toml", "bad.toml: Invalid value (at line 1"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: str, name: str, message: str) -> None:
    with pytest.raises(SimulationError) as error:
        load(written(tmp_path, text, name))
    assert message in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=r"none\.yml cannot be read: No such file or directory"):
        load(tmp_path / "none.yml")


def test_lines_of_toml(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        'data_dir = "data"\n[sessions]\nid01 = "mx1-1"\n[components."c 1"]\nacronym = "Lyso"\n[samples]\n'
        's1 = { name = 3, component = "c 1" }\n[experiments.scan]\nsample = "s1"\ndata = ""\n'
        'experimentType = "OSC"\n',
        "simulation.toml",
    )
    with pytest.raises(SimulationError) as error:
        load(file)
    assert (
        str(error.value) == f'{file}, line 10: experiments.scan.data: expected text that is not empty, got ""'
    )
    assert error.value.hint == "Also wrong: samples.s1.name"


CHOICES = {
    "beamline": ("other", "scan", "no beamline is called other", "There are: id01, id02, gone"),
    "experiment": (
        "id01",
        "scam",
        "no experiment is called scam",
        "Did you mean scan? There are: scan, plain",
    ),
}


@pytest.mark.parametrize("what", CHOICES)
def test_what_is_unknown_is_refused_with_the_choices(tmp_path: Path, what: str) -> None:
    beamline, experiment, message, hint = CHOICES[what]
    loaded = load(written(tmp_path, yaml.safe_dump(settings(tmp_path), sort_keys=False)))
    with pytest.raises(SimulationError) as error:
        loaded.check(beamline, experiment, ["Mesh"])
    assert (str(error.value), error.value.hint) == (message, hint)


REFERENCES = {
    "experimentType: Meshes": "line 12: experiments.scan.experimentType: no experiment type is called Meshes",
    "sample: s9": "line 14: experiments.scan.sample: no sample is called s9",
    "data: gone.h5": "line 13: experiments.scan.data: there is no file gone.h5",
    "generate: [map]": "line 15: experiments.scan.generate: a map needs a grid",
}


@pytest.mark.parametrize("line", REFERENCES)
def test_what_an_experiment_names_is_there(tmp_path: Path, line: str) -> None:
    key = line.partition(":")[0]
    lines = [f"    {line}" if f" {key}: " in one else one for one in MINIMAL.splitlines()]
    if line not in map(str.strip, lines):
        lines.append(f"    {line}")
    file = written(tmp_path, "\n".join(lines))
    with pytest.raises(SimulationError) as error:
        load(file).check("id01", "scan", ["OSC", "Mesh"])
    assert str(error.value) == f"{file}, {REFERENCES[line]}"


def test_what_a_sample_names_is_there(tmp_path: Path) -> None:
    file = written(tmp_path, MINIMAL.replace("component: c1", "component: c9"))
    with pytest.raises(SimulationError) as error:
        load(file).check("id01", "scan", ["OSC"])
    assert str(error.value) == f"{file}, line 9: samples.1.component: no component is called c9"


def test_frames_have_one_of_two_formats(tmp_path: Path) -> None:
    text = f"{MINIMAL}    generate: [frames]\n"
    assert load(written(tmp_path, text)).check("id01", "scan", ["OSC"]).data == "scan.h5"
    file = written(tmp_path, text.replace("scan.h5", "scan.edf"))
    with pytest.raises(SimulationError) as error:
        load(file).check("id01", "scan", ["OSC"])
    assert str(error.value) == (
        f"{file}, line 13: experiments.scan.data: frames are written to .h5, .hdf5, .cbf, not to scan.edf"
    )
