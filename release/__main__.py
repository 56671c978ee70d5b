"""`python -m release [VERSION]`: write the version, draft the changelog, build all packages and try them.

Without a version those of the version that is there are built: the same bytes, whoever builds them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from release import changelog, contents, trial, versions
from support.clean import build_workspace
from support.workspace import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"


def main(arguments: list[str]) -> None:
    """Make the packages of a version in `dist/VERSION`."""
    version = versions.checked(arguments[0]) if arguments else versions.current()
    if arguments:
        versions.write(version)
        write_changelog(version)
    folder = ROOT / "dist" / version
    shutil.rmtree(folder, ignore_errors=True)
    build(folder, version)
    check(folder, version)
    said = subprocess.run(["git", "status", "--short"], cwd=ROOT, capture_output=True, text=True, check=False)
    tell(f"{folder.relative_to(ROOT)} holds {len([*folder.iterdir()]) - 1} packages and SHA256SUMS")
    if said.stdout:
        tell(f"to be read, committed and tagged v{version}:\n{said.stdout.rstrip()}")


def write_changelog(version: str) -> None:
    """Give what is unreleased a section of this version."""
    text, today = CHANGELOG.read_text(encoding="utf-8"), datetime.now(tz=UTC).date()
    CHANGELOG.write_text(changelog.drafted(text, version, today, subjects()), encoding="utf-8")


def subjects() -> list[str]:
    """The subjects of the commits since the last release."""
    last = _git("describe", "--tags", "--abbrev=0", "--match", "v*").strip()
    return _git("log", "--format=%s", f"{last}..HEAD" if last else "HEAD").splitlines()


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout


def build(folder: Path, version: str) -> None:
    """Build all packages twice. Raises SystemExit where the bytes differ."""
    day = changelog.day_of(CHANGELOG.read_text(encoding="utf-8"), version)
    if day is None:
        raise SystemExit(
            f"CHANGELOG.md has no section for {version}: make release VERSION={version} drafts it"
        )
    os.environ["SOURCE_DATE_EPOCH"] = str(changelog.epoch(day))
    tell(f"building {version} of {day}, twice")
    build_workspace(folder)
    (folder / ".gitignore").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as again:
        build_workspace(Path(again))
        sums = {file.name: _sum(file) for file in sorted(folder.iterdir())}
        other = [name for name, one in sums.items() if _sum(Path(again) / name) != one]
    if other:
        raise SystemExit(f"built again, the bytes differ: {', '.join(other)}")
    lines = (f"{one}  {name}\n" for name, one in sums.items())
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def check(folder: Path, version: str) -> None:
    """Look into the packages, and try the wheels. Raises SystemExit for what is wrong."""
    if faults := contents.faults(folder, version):
        raise SystemExit("\n".join(faults))
    packages = sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])
    twine_check(packages)
    with tempfile.TemporaryDirectory() as empty:
        site = Path(empty)
        tell("installing the wheels into an empty environment")
        trial.installed(site, folder.glob("*.whl"))
        tell("starbeam --help, --version")
        trial.commands(site, version)
        tell("starbeam demo")
        trial.demo(site)
        tell("a new plugin and its tests")
        trial.tests(site)
        tell("the suite: as long as make test-fast, and some minutes more")
        trial.suite(site)


def twine_check(packages: list[Path]) -> None:
    """Whether an index would take the packages. Raises SystemExit with what it would say."""
    command = [sys.executable, "-m", "twine", "check", "--strict", *packages]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stdout + said.stderr)
    tell(f"twine check --strict: {len(packages)} packages pass")


def tell(text: str) -> None:
    """Say what goes on."""
    print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
