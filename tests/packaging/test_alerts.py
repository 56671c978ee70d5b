"""Alert rules and the dashboard ask for figures that are served, and each alert is explained."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from starbeam.http.metrics import Metrics
from support.workspace import ROOT

FOLDER = ROOT / "config" / "deploy"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
QUERIES = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]
OF_PROMETHEUS = {"instance", "job", "le"}


def served() -> Iterator[tuple[str, set[str]]]:
    """The names of all series, with their labels."""
    for collector in dict.fromkeys(Metrics().registry._names_to_collectors.values()):
        (family,) = collector.collect()
        endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        for ending in endings:
            yield family.name + ending, set(collector._labelnames)  # type: ignore[attr-defined]


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_asked_for_is_served(query: str) -> None:
    known = dict(served())
    names = re.findall(r"\bstarbeam_\w+", query)
    assert set(names) <= known.keys()
    labels = set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", query))
    for grouped in re.findall(r"by \(([^)]*)\)", query):
        labels |= set(grouped.replace(" ", "").split(","))
    assert labels <= OF_PROMETHEUS.union(*(known[name] for name in names))


def test_each_alert_is_explained() -> None:
    page = (ROOT / "docs" / "how-to" / "monitor.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [rule["alert"] for rule in RULES]
