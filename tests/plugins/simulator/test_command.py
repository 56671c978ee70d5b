"""`starbeam simulate` as its users run it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from importlib.metadata import entry_points

import pytest
import yaml
from click.testing import Result

from plugins.simulator.conftest import settings
from starbeam.db.sqlite import Connection
from support.commands import PATIENCE, STARBEAM, Site, environment

WORDS = ("simulate", "id01", "scan", "--simulation", "simulation.yml")
TABLES = ("Protein", "Crystal", "BLSample", "Shipping", "Container", "DataCollectionGroup", "DataCollection")


def count(site: Site) -> dict[str, int]:
    with sqlite3.connect(site.folder / "union.db", factory=Connection) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


def simulate(site: Site, *words: str, delay: str = "0") -> Result:
    """Run the command in this process."""
    return site.invoke(*(words or WORDS), "--delay", delay)


def test_progress_and_where_it_is(site: Site) -> None:
    ended = simulate(site)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == (
        f"data collection 1 in {site.folder}/data/id01/mx1/s1/s1_1\nhttps://ui.example.org/visit/mx1-1/id/1\n"
    )
    steps = ("rows", "hooks before", "files", "collecting for 0 s", "hooks after")
    places = [ended.stderr.index(step) for step in steps]
    assert places == sorted(places)
    assert f"Warning: there is no snapshot {site.folder}/raw/three.png" in ended.stderr


def test_files_that_no_server_serves_are_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for root, told in (("data/id01/mx1", False), ("data/id0", True)):
        monkeypatch.setenv("STARBEAM_FILES__ROOTS", f'["{site.folder}/{root}"]')
        ended = simulate(site)
        assert ended.exit_code == 0, ended.stderr
        assert ("is outside of files.roots: its files are not served" in ended.stderr) == told


@pytest.mark.fix(155)
@pytest.mark.fix(157)
def test_a_failure_is_one_line_and_status_1(site: Site) -> None:
    words = ("simulate", "gone", "scan", "--simulation", "simulation.yml")
    ended = simulate(site, *words)
    assert ended.exit_code == 1
    assert "line 4: sessions.gone: the database has no session mx9-9\n" in ended.stderr
    assert "Traceback" not in ended.stderr
    ended = simulate(site, *words, "--debug")
    assert ended.exit_code == 1
    assert "Traceback" in ended.stderr
    assert not any(count(site).values())
    assert not (site.folder / "data").exists()


@pytest.mark.fix(156)
def test_the_file_is_named_by_option_environment_or_setting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("simulate", "id01", "scan")
    ended = simulate(site, *words)
    assert ended.exit_code == 1
    assert ended.stderr.splitlines()[0] == "Simulation Error: nothing says what to simulate"
    assert "examples/simulation.yml" in ended.stderr
    with monkeypatch.context() as patch:
        patch.setenv("SIMULATION_CONFIG", "simulation.yml")
        assert simulate(site, *words).exit_code == 0
    site.more = '[plugin.simulator]\nsimulation_config = "simulation.yml"\n'
    assert simulate(site, *words).exit_code == 0
    assert count(site)["DataCollection"] == 2


def test_a_beamline_and_an_experiment_are_needed(site: Site) -> None:
    ended = simulate(site, "simulate", "--simulation", "simulation.yml")
    assert ended.exit_code == 1
    assert "Beamlines: id01, id02, gone. Experiments: scan, plain." in ended.stderr


def test_it_is_there_without_a_configuration_and_works_where_it_is_not_enabled(site: Site) -> None:
    assert "Simulate a data collection" in site.run("simulate", "--help").stdout
    site.plugins = ["auth_dummy", "ispyb"]
    assert simulate(site).exit_code == 0
    assert count(site)["DataCollection"] == 1


def test_the_old_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (script,) = entry_points(group="console_scripts", name="ispyb.simulate")
    monkeypatch.setattr(sys, "argv", ["", *WORDS[1:], "--delay", "0", "--config", str(site.config)])
    with pytest.raises(SystemExit) as ended:
        script.load()()
    assert ended.value.code == 0
    assert count(site)["DataCollection"] == 1


@pytest.mark.fix(162)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_nothing(site: Site, number: signal.Signals) -> None:
    process = begin(site, "60")
    wait_for(lambda: "collecting" in said(site))
    assert count(site)["DataCollection"] == 1
    assert (site.folder / "data/id01/mx1/s1/s1_1/scan.h5").is_file()
    process.send_signal(number)
    assert process.wait(PATIENCE) == 128 + number
    assert said(site).splitlines()[-1] == "Simulation Error: interrupted; nothing is left behind"
    assert not any(count(site).values())
    assert not (site.folder / "data").exists()


@pytest.mark.fix(162)
def test_an_interruption_while_files_are_written_leaves_nothing(site: Site) -> None:
    values = settings(site.folder)
    values["experiments"]["scan"] |= {"data": "a.cbf", "generate": ["frames"], "numberOfImages": 100_000}
    (site.folder / "simulation.yml").write_text(yaml.safe_dump(values))
    process = begin(site, "0")
    wait_for(lambda: len(list((site.folder / "data").rglob("*.cbf"))) > 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert said(site).splitlines()[-1] == "Simulation Error: interrupted; nothing is left behind"
    assert not any(count(site).values())
    assert not (site.folder / "data").exists()


def begin(site: Site, delay: str) -> subprocess.Popen[bytes]:
    with (site.folder / "said").open("w") as file:
        return subprocess.Popen(
            [STARBEAM, *WORDS, "--delay", delay, "--config", str(site.config)],
            cwd=site.folder,
            env=environment({}),
            stderr=file,
        )


def said(site: Site) -> str:
    return (site.folder / "said").read_text()


def wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


HOOKS = """
@hookimpl
def before_datacollection(self, data_collection_id):
    Path("before").write_text(str((data_collection_id, sorted(map(str, Path("data").rglob("*"))))))
@hookimpl
def after_datacollection(self, data_collection_id):
    Path("after").write_text(str(len(list(Path("data").rglob("*.h5")))))
    {failing}
"""
HEAD = "from pathlib import Path\nfrom starbeam.api import hookimpl"


def test_plugins_do_things_before_and_after(site: Site) -> None:
    site.add_plugin("watching", HOOKS.format(failing=""), HEAD)
    ended = simulate(site)
    assert ended.exit_code == 0, ended.stderr
    assert (site.folder / "before").read_text() == "(1, [])"
    assert (site.folder / "after").read_text() == "1"


@pytest.mark.fix(162)
def test_a_hook_that_fails_undoes_it(site: Site) -> None:
    site.add_plugin("failing", HOOKS.format(failing="raise ValueError('no beam')"), HEAD)
    ended = simulate(site)
    assert ended.exit_code == 1
    assert "Simulation Error: plugin failing: after_datacollection: ValueError: no beam" in ended.stderr
    assert not any(count(site).values())
    assert not (site.folder / "data").exists()


def test_entry_points_are_called_with_the_key(site: Site) -> None:
    package = site.folder / "calls-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: calls\nVersion: 1\n")
    (package / "entry_points.txt").write_text(
        "[ispyb.simulator.before_datacollection]\none = calls:before\n"
        "[ispyb.simulator.after_datacollection]\none = calls:after\n"
    )
    (site.folder / "calls.py").write_text(
        "from pathlib import Path\n"
        "def before(key): Path('called').write_text(f'before {key}')\n"
        "def after(key): Path('called').write_text(Path('called').read_text() + f' after {key}')\n"
    )
    ended = simulate(site)
    assert ended.exit_code == 0, ended.stderr
    assert (site.folder / "called").read_text() == "before 1 after 1"


def test_live_goes_on_until_it_is_stopped(site: Site) -> None:
    values = settings(site.folder)
    del values["experiments"]["scan"]
    (site.folder / "simulation.yml").write_text(yaml.safe_dump(values))
    words = ("simulate", "--live", "id01", "--rate", "1200", "--simulation", "simulation.yml")
    with (site.folder / "said").open("w") as file:
        process = subprocess.Popen(
            [STARBEAM, *words, "--config", site.config],
            cwd=site.folder,
            env=environment({}),
            stdout=file,
            stderr=file,
        )
    wait_for(lambda: said(site).count("data collection") >= 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    lines = [line for line in said(site).splitlines() if "collection" in line or "mount" in line]
    assert "mount" in lines[0]
    assert lines[1] == "plain: data collection 1"
    found = count(site)
    assert found["DataCollection"] == found["DataCollectionGroup"] >= 3
    assert found["BLSample"] == found["Container"] == 1
