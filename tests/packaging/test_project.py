"""What contributors are told holds: targets, files, tools, code; and the changelog has its form."""

from __future__ import annotations

import re
from datetime import date
from textwrap import dedent

import pytest
import yaml
from packaging.version import Version
from release import versions

from support.workspace import ROOT, pyproject

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
PAGES = [
    *(
        ROOT / name
        for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "README.md", "docs/README.md")
    ),
    *(ROOT / ".github").rglob("*.md"),
]
RELEASED = re.compile(r"\[(\S+)\] - (\d{4}-\d\d-\d\d)")
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.mark.parametrize("name", PAGES)
def test_what_is_named_exists(name: str) -> None:
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", in_code(text))) <= TARGETS
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    paths = re.findall(r"`((?:core|plugins|tests|docs|config|benchmarks|examples)/[\w/.-]+)`", text)
    for where in [*(page.parent / link for link in links), *(ROOT / path for path in paths)]:
        assert where.exists() or "NAME" in where.name, where


def in_code(text: str) -> str:
    """What a page shows as code."""
    return "\n".join(re.findall(r"`[^`\n]+`|^(?:    ).+$", text, re.MULTILINE))


def test_code_that_is_shown_is_code_that_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(`([\w/.-]+)`[^\n]*\):\n\n((?:    .*\n|\n(?=    ))+)", text)
    shown += [(file, code) for code, file in re.findall(r"((?:    .*\n|\n(?=    ))+)\n\(`([\w/.-]+)`", text)]
    assert len(shown) == 7
    for file, code in shown:
        there = [line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
        wanted = [line.strip() for line in dedent(code).strip().splitlines()]
        assert any(there[at : at + len(wanted)] == wanted for at in range(len(there))), (file, code)


def test_the_changelog_is_kept_as_the_form_says() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith("# Changelog\n")
    first, *released = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert first == "[Unreleased]"
    found = [one for one in map(RELEASED.fullmatch, released) if one and date.fromisoformat(one[2])]
    assert len(found) == len(released), "a version and its date: ## [1.2.3] - 2030-01-31"
    versions = [Version(one[1]) for one in found]
    assert versions == sorted(versions, reverse=True)
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= KINDS


def test_hooks_before_commits_are_the_tools_of_lint() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe
    linted = [line.strip().removeprefix("@$(BIN)/") for line in recipe[1].splitlines()]
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook["entry"].removeprefix(".venv/bin/") for hook in config["repos"][0]["hooks"]]
    assert [hook.replace(" --force-exclude", "") for hook in hooks] == [
        line.removesuffix(" .") for line in linted
    ]


def test_owners_are_of_what_there_is() -> None:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    paths = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert paths[0] == "*"
    assert all((ROOT / path.strip("/")).exists() for path in paths[1:])


def test_hosted_runs_call_what_there_is_on_what_is_supported() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    called = [target for line in commands if line.startswith("make ") for target in line.split()[1:]]
    assert set(called) <= TARGETS
    oldest = pyproject(ROOT)["project"]["requires-python"].removeprefix(">=")
    assert jobs["python"]["strategy"]["matrix"]["python"][0] == oldest
    assert jobs["mariadb"]["strategy"]["matrix"]["mariadb"] == ["10.6", "10.11", "11.4"]


def test_packages_name_only_the_python_that_the_suite_runs_on() -> None:
    for file in versions.files():
        named = pyproject(file.parent)["project"]["classifiers"]
        language = [one for one in named if one.startswith("Programming Language")]
        assert language == [f"Programming Language :: Python :: {one}" for one in ("3 :: Only", "3.11")], file
