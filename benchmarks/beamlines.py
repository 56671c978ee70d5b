"""`python -m benchmarks.beamlines [ROUNDS]`: how long MXCuBE waits at eight beamlines, and one client alone.

200,000 data collections in MariaDB, one worker. In one run and in turn, half a minute each: one client writes
alone, one reads alone, eight write and sixteen read. Each of these sends one request a second; who is alone
sends four, one after the other. What is written and read are MXCuBE's requests of a data collection.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count, cycle
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import MEMORY
from benchmarks.databases import events, fill
from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support import mariadb
from support.commands import SECRET, Site

ROUNDS, SECONDS = 4, 30.0
WRITERS, READERS = 8, 16
APART, APART_ALONE = 1.0, 0.25
"""Seconds between the requests of a client."""
API = "/ispyb/api/v1"
PLUGINS = [
    *("auth_dummy", "ispyb", "proposals", "samples", "datacollections", "events", "tokens", "acquisition"),
    "mxcube",
]
FIRST = 101
"""The person who sits at the first beamline; the others follow."""
SESSIONS = tuple(range(500, 500 + WRITERS))
"""Those that run now, each of 100 groups already, of proposals of their own."""
PROPOSALS = 200
ROWS = (
    "INSERT INTO Person (personId, login, familyName)"
    f" SELECT seq, CONCAT('u', seq), 'Family' FROM seq_{FIRST}_to_{FIRST + WRITERS - 1}",
    "UPDATE BLSession SET startDate = NOW() - INTERVAL 2 HOUR, endDate = NOW() + INTERVAL 8 HOUR"
    f" WHERE sessionId BETWEEN {SESSIONS[0]} AND {SESSIONS[-1]}",
    "INSERT INTO Session_has_Person (sessionId, personId)"
    f" SELECT sessionId, sessionId - {SESSIONS[0]} + {FIRST} FROM BLSession"
    f" WHERE sessionId BETWEEN {SESSIONS[0]} AND {SESSIONS[-1]}",
    f"INSERT INTO Shipping (shippingId, proposalId) SELECT seq, seq FROM seq_1_to_{PROPOSALS}",
    "INSERT INTO Dewar (dewarId, shippingId, dewarStatus)"
    f" SELECT seq, seq, 'processing' FROM seq_1_to_{PROPOSALS}",
    "INSERT INTO Container (containerId, dewarId, beamlineLocation, sampleChangerLocation)"
    f" SELECT seq, seq, CONCAT('BL', (seq - 1) % 8), '1' FROM seq_1_to_{PROPOSALS}",
    f"UPDATE BLSample SET containerId = 1 + blSampleId % {PROPOSALS},"
    f" location = 1 + blSampleId DIV {PROPOSALS} WHERE blSampleId < 16 * {PROPOSALS}",
    "INSERT INTO Detector (detectorId, detectorType, detectorManufacturer, detectorModel)"
    " VALUES (1, 'pixel', 'DECTRIS', 'EIGER2 X 9M')",
)

Asked = tuple[str, str, Any]
"""Method, path and body."""


def proposal_of(session: int) -> int:
    """Its key and number."""
    return 1 + session % PROPOSALS


def writes(session: int, keys: dict[str, int]) -> Iterator[Asked]:
    """What MXCuBE sends of one data collection after the other; `keys` has what it was answered."""
    for number in count(1):
        begun = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        of_group = {"sessionId": session, "experimentType": "OSC", "actualSampleSlotInContainer": number % 16}
        yield "POST", "/datacollections/group", of_group
        group = {"dataCollectionGroupId": keys["dataCollectionGroupId"]}
        files = {"directory": f"/data/mx{proposal_of(session)}", "prefix": f"w{number}", "run_number": 1}
        collection = {
            "sessionId": f"{session}",
            "group_id": group,
            "status": "Running",
            "collection_start_time": begun,
            "fileinfo": files,
            "oscillation_sequence": [{"start": 0, "range": 0.1, "number_of_images": 3600}],
            "detectorId": 1,
        }
        yield "POST", "/datacollections/datacollection", collection
        key = keys["dataCollectionId"]
        yield "POST", "/beamline-setups/beamline-setup", {"synchrotron_name": "SYN", "polarisation": 0.99}
        yield "POST", "/images/image", {"dataCollectionId": key, "imageNumber": 1, "fileName": "w_0001.cbf"}
        ended = {**collection, "collection_id": key, "status": "Data collection successful"}
        yield "POST", "/datacollections/group", ended
        yield "POST", "/datacollections/datacollection", ended
        action = {"sessionId": session, "actionType": "LOAD", "status": "SUCCESS", "startTimestamp": begun}
        yield "POST", "/events/robot-action", action


def reads(session: int) -> Iterable[Asked]:
    """What MXCuBE asks, in turn."""
    proposal, line = f"MX{proposal_of(session)}", f"BL{session % 8}"
    today = f"{datetime.now():year=%Y&month=%-m&day=%-d}"
    return cycle(
        ("GET", path, None)
        for path in (
            "/user/current",
            "/proposals",
            f"/proposals?search={proposal}",
            f"/sessions?proposal={proposal}&beamLineName={line}&{today}",
            f"/sessions/{session}",
            f"/samples?proposal={proposal}&beamLineName={line}",
            "/detectors?manufacturer=DECTRIS&model=EIGER2%20X%209M&mode=&type=",
            f"/datacollections/{session * 200}",
        )
    )


class Client:
    """MXCuBE at one beamline."""

    def __init__(self, port: int, place: int) -> None:
        session = SESSIONS[place % WRITERS]
        person = FIRST + place % WRITERS
        token = Tokens(Auth(secret_key=SECRET)).make(f"u{person}", person, ())
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._keys: dict[str, int] = {}
        self.writes, self.reads = writes(session, self._keys), iter(reads(session))

    def send(self, requests: Iterator[Asked], apart: float, late: float) -> list[float]:
        """For a while send what there is to send: milliseconds that each took."""
        self._connection.close()  # the server has closed it, if there was nothing to send for long
        self._connection.connect()
        found, due = [], time.monotonic() + late
        for _ in range(round(SECONDS / apart)):
            time.sleep(max(due - time.monotonic(), 0))
            found.append(self._send(*next(requests)))
            due += apart
        return found

    def _send(self, method: str, path: str, body: Any) -> float:
        content = None if body is None else json.dumps(body)
        began = time.perf_counter()
        self._connection.request(method, f"{API}{path}", content, self._headers)
        answer = self._connection.getresponse()
        said = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status not in (200, 201):
            raise SystemExit(f"{method} {path}: {answer.status} {said.decode()}")
        if isinstance(known := json.loads(said), dict):
            self._keys |= {name: key for name, key in known.items() if name.startswith("dataCollection")}
        return took


Found = dict[str, list[float]]
"""Milliseconds of requests, by case."""
ALONE_WRITES, ALONE_READS = "one writes alone", "one reads alone"
WRITE, READ = f"{WRITERS} write beside {READERS} readers", f"{READERS} read beside {WRITERS} writers"


def measured(port: int, rounds: int) -> Found:
    """All cases in turn, after a round that is not counted."""
    found: Found = {name: [] for name in (ALONE_WRITES, WRITE, ALONE_READS, READ)}
    clients = [Client(port, place) for place in range(WRITERS + READERS)]
    with ThreadPoolExecutor(len(clients)) as threads:
        for turn in range(rounds + 1):
            taken = [(ALONE_WRITES, clients[0].send(clients[0].writes, APART_ALONE, 0))]
            taken.append((ALONE_READS, clients[-1].send(clients[-1].reads, APART_ALONE, 0)))
            running = []
            for place, client in enumerate(clients):
                name, what = (WRITE, client.writes) if place < WRITERS else (READ, client.reads)
                running.append((name, threads.submit(client.send, what, APART, place / len(clients))))
            taken += [(name, one.result()) for name, one in running]
            for name, milliseconds in taken if turn else ():
                found[name] += milliseconds
    return found


def table(found: Found) -> Table:
    """What was measured, and how much longer each waits than who is alone."""
    shown = Table("", "requests", "p50 ms", "p99 ms", "longest ms", "p99, times that of one alone")
    beside = {WRITE: ALONE_WRITES, READ: ALONE_READS}
    for name, taken in found.items():
        figures = (f"{one:.1f}" for one in (statistics.median(taken), _p99(taken), max(taken)))
        times = f"{_p99(taken) / _p99(found[beside[name]]):.1f}" if name in beside else ""
        shown.add_row(name, str(len(taken)), *figures, times)
    return shown


def _p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[-1]


def main() -> None:
    """Fill, serve, ask and tell."""
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    database = mariadb.start(MEMORY)
    url = asyncio.run(database.fresh_database("union"))
    asyncio.run(fill(url, (*events(), *ROWS)))
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), PLUGINS, url=url, more='[plugin.tokens]\ntables = "none"\n')
        with site.serving("serve", "--config", str(site.config)) as server:
            found = measured(server.port, rounds)
            server.end()
    database.stop()
    Console(width=110).print(table(found))


if __name__ == "__main__":
    main()
