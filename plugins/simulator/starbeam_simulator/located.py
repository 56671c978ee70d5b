"""YAML and TOML files as plain tables, with the line of every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from starbeam_simulator.errors import SimulationError

_TABLE = re.compile(r"\s*\[\[?\s*(?P<name>[^\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*(?P<name>(\"[^\"]*\"|'[^']*'|[\w-]+)(\s*\.\s*(\"[^\"]*\"|'[^']*'|[\w-]+))*)\s*=")
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


def read(file: Path) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    """What a file holds, and the line of each key by its path. A name that ends in `.toml` is TOML, any other
    YAML. Raises `SimulationError`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(
            f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    values, lines = _toml(file, text) if file.suffix.lower() == ".toml" else _yaml(file, text)
    if not isinstance(values, dict):
        raise SimulationError(f"{file} holds no table of settings")
    return values, lines


def _yaml(file: Path, text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        return _named(yaml.safe_load(text)), dict(_nodes(tree, ())) if tree else {}
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SimulationError(f"{file}{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SimulationError(f"{file} is no YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise SimulationError(f"{file} is nested too deep, or a part of it contains itself") from error


def _named(value: Any) -> Any:
    """The same with every key as text: YAML takes a reference such as `1` for a number."""
    if isinstance(value, dict):
        return {str(key): _named(inner) for key, inner in value.items()}
    return [_named(inner) for inner in value] if isinstance(value, list) else value


def _nodes(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            yield inner, key.start_mark.line + 1
            yield from _nodes(value, inner)


def _toml(file: Path, text: str) -> tuple[Any, dict[tuple[str, ...], int]]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SimulationError(f"{file}: {error}") from error
    lines: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _parts(header["name"])
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key["name"])), number)
    return values, lines


def _parts(name: str) -> tuple[str, ...]:
    return tuple(next(filter(None, groups), "") for groups in _PART.findall(name))
