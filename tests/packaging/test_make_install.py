"""`make install`: what is installed, in which order, and when again; uv is a script that writes down its
arguments."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from support.workspace import ROOT

UV = r"""#!/bin/sh
for word; do
    case $word in sync|install|-r|-e|*.txt|core|plugins/*) said="$said $word";; esac
done
echo "$said" >> uv.log
"""
SYNC, MEMBERS = "sync requirements.txt", "install -e -e core -e plugins/lamp"
OWN = "install -r site-requirements.txt requirements.txt"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one plugin, whose `.venv` is there already."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", "pyproject.toml", "core/pyproject.toml", "plugins/lamp/pyproject.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    uv = tmp_path / ".venv/bin/uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(UV)
    uv.chmod(0o755)
    return tmp_path


def installs(checkout: Path) -> list[str]:
    """What uv was told by one more `make install`."""
    log = checkout / "uv.log"
    log.unlink(missing_ok=True)
    environment = {"PATH": "/usr/bin:/bin", "UV_DEFAULT_INDEX": "none", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(["make", "-s", "install"], cwd=checkout, check=True, env=environment)
    return [line.strip() for line in log.read_text().splitlines()] if log.exists() else []


def later(checkout: Path, name: str, text: str = "") -> None:
    """Write a file, newer than the last installation."""
    (checkout / name).write_text(text)
    stamp = (checkout / ".venv/.installed").stat().st_mtime
    subprocess.run(["touch", "-d", f"@{stamp + 1}", name], cwd=checkout, check=True)


def test_an_upgrade_keeps_a_facilitys_own_plugins(checkout: Path) -> None:
    (checkout / "site-requirements.txt").write_text("starbeam-weather\n")
    assert installs(checkout) == [SYNC, MEMBERS, OWN]
    assert installs(checkout) == []
    later(checkout, "requirements.txt", "litestar==3\n")
    assert installs(checkout) == [SYNC, MEMBERS, OWN]


def test_a_new_plugin_of_a_facility_is_installed(checkout: Path) -> None:
    assert installs(checkout) == [SYNC, MEMBERS]
    later(checkout, "site-requirements.txt", "starbeam-weather\n")
    assert installs(checkout) == [SYNC, MEMBERS, OWN]


def test_byte_code_is_compiled_for_who_may_not_write(checkout: Path) -> None:
    """Whatever is told to Python, and also when only sources are newer: after `git pull`."""
    (checkout / ".venv/bin/python").symlink_to(sys.executable)
    package, library = checkout / "plugins/lamp/starbeam_lamp", checkout / ".venv/lib"
    for folder in (package, library):
        folder.mkdir()
    (library / "light.py").write_text("BRIGHT = True")
    (library / "template.py").write_text("{{ no Python }}")
    installs(checkout)
    (package / "shade.py").write_text("DARK = True")
    assert installs(checkout) == []
    cached = Path(cache_from_source("x.py")).name.removeprefix("x.")
    assert (library / "__pycache__" / f"light.{cached}").is_file()
    assert (package / "__pycache__" / f"shade.{cached}").is_file()


def test_git_ignores_a_facilitys_own_file() -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", "site-requirements.txt"], cwd=ROOT, check=False)
    assert ignored.returncode == 0
