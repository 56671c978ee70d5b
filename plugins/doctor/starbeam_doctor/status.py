"""`starbeam status`: how a running server is, in one screen."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import click
import msgspec

from starbeam.api.commands import AWAY, Failure, json_option, output

SECONDS = 10
"""How long an answer may take."""
NAMED = "Name a server as http://HOST:PORT, without the path of its API."
SLOWEST = 5
"""How many routes are named."""


class Slow(msgspec.Struct):
    """A route, and how long its answers took until now."""

    route: str
    answers: int
    mean_ms: float


class Figures(msgspec.Struct):
    """What all workers of a server did since they started."""

    answers: dict[str, int]
    """By status, as `2xx`."""
    running: int
    """Requests that are being answered."""
    connections: int
    """Connections to the database that are in use."""
    memory_mb: int
    log_ins: dict[str, int]
    """Tries, by outcome."""
    slowest: list[Slow]


class Status(msgspec.Struct):
    """How a server is."""

    server: str
    status: str
    """`ok` or `failing`."""
    checks: dict[str, str]
    """A sentence for each, `ok` where all is well."""
    figures: Figures | None
    """None where the server does not tell them to this machine."""


class Sample(NamedTuple):
    """One value of `/metrics`."""

    name: str
    labels: dict[str, str]
    value: float


@click.command()
@click.argument("server", default="http://127.0.0.1:8000")
@json_option
def status(server: str, as_json: bool) -> None:
    """Say how a running SERVER is, in one screen.

    Its checks, and what it did since it started.

    Figures are told only to addresses in its server.metrics_from. Status 0: it can serve; 1: it cannot;
    3: it does not answer.
    """
    found = look_at(server.rstrip("/"))
    if as_json:
        output.json(found)
    else:
        _print(found)
    sys.exit(found.status != "ok")


def look_at(server: str) -> Status:
    """Ask a server for its health and its figures."""
    code, said = _get(f"{server}/health/ready")
    try:
        health = msgspec.json.decode(said, type=dict[str, Any])
        checks, state = dict(health["checks"]), str(health["status"])
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise Failure(f"{server} is no Starbeam: /health/ready answers {code}", NAMED, AWAY) from error
    code, text = _get(f"{server}/metrics")
    return Status(server, state, checks, _figures(_samples(text)) if code == 200 else None)


def _get(url: str) -> tuple[int, bytes]:
    import urllib.error  # only now: the help of all commands needs none of it
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310  # whoever calls names it
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except (OSError, ValueError) as error:
        said = getattr(error, "reason", error)
        raise Failure(f"{url} does not answer: {said}", NAMED, AWAY) from error


def _samples(text: bytes) -> Iterator[Sample]:
    from prometheus_client.parser import text_string_to_metric_families

    for family in text_string_to_metric_families(text.decode()):
        for one in family.samples:
            yield Sample(one.name, dict(one.labels), one.value)


def _figures(samples: Iterable[Sample]) -> Figures:
    by_name = defaultdict[str, list[Sample]](list)
    for one in samples:
        by_name[one.name].append(one)

    def total(name: str, key: str) -> dict[str, int]:
        found = Counter[str]()
        for one in by_name[name]:
            found[one.labels[key]] += int(one.value)
        return dict(sorted(found.items()))

    def whole(name: str) -> float:
        return sum(one.value for one in by_name[name])

    answers = Counter[str]()
    for code, number in total("starbeam_requests_total", "status").items():
        answers[f"{code[0]}xx"] += number
    return Figures(
        answers=dict(answers),
        running=int(whole("starbeam_requests_running")),
        connections=int(whole("starbeam_database_connections_used")),
        memory_mb=round(whole("starbeam_memory_bytes") / 1e6),
        log_ins=total("starbeam_logins_total", "outcome"),
        slowest=_slowest(by_name["starbeam_request_seconds_sum"], by_name["starbeam_request_seconds_count"]),
    )


def _slowest(seconds: list[Sample], counts: list[Sample]) -> list[Slow]:
    answered = {tuple(sorted(one.labels.items())): int(one.value) for one in counts}
    found = [
        Slow(f"{one.labels['method']} {one.labels['route']}", number, round(1000 * one.value / number, 1))
        for one in seconds
        if (number := answered.get(tuple(sorted(one.labels.items())), 0))
    ]
    return sorted(found, key=lambda one: -one.mean_ms)[:SLOWEST]


def _print(found: Status) -> None:
    click.echo(f"{found.server} {'can serve' if found.status == 'ok' else 'cannot serve'}\n")
    output.table(("check", "says"), list(found.checks.items()))
    click.echo()
    if (figures := found.figures) is None:
        click.echo(
            "Figures are not told to this machine: server.metrics_from names those that may read them."
        )
        return
    lines = [
        ("answers", _counts(figures.answers)),
        ("being answered", f"{figures.running}"),
        ("log-ins", _counts(figures.log_ins) or "none"),
        ("connections to the database", f"{figures.connections}"),
        ("memory of the workers", f"{figures.memory_mb} MB"),
    ]
    output.table(("since it started", ""), lines)
    click.echo()
    slow = [(one.route, f"{one.answers}", f"{one.mean_ms} ms") for one in figures.slowest]
    output.table(("slowest routes", "answers", "mean"), slow)


def _counts(numbers: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in numbers.items())
