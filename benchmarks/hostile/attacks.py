"""What is tried, by letter: each attack says what came, and whether that is good."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import httpx
import numpy as np

from benchmarks.hostile import files
from benchmarks.hostile.site import ROOT, SNAPSHOT, Victim, at_once, timed
from support.commands import SECRET

Said = tuple[str, bool]
Attack = Callable[[Victim], Said]

API = ROOT.encode()
PICTURE_SECONDS = 15
"""A picture may take a third of 30 seconds; the rest is this machine's."""
READER_MEGABYTES = 1600
"""What a reader may have for a picture, and what it is itself."""


def _leaked(victim: Victim, key: int, secret: bytes) -> Said:
    answer = victim.image(key)
    text = np.frombuffer(answer.content, "<f4").astype("u1").tobytes() if answer.is_success else b""
    return f"{answer.status_code}, {'the secret' if secret in text else 'nothing of it'}", secret not in text


def _numbers(victim: Victim, answer: httpx.Response) -> Said:
    leaks = any(files.NUMBERS.astype(kind).tobytes() in answer.content for kind in ("<i4", "<f4"))
    return f"{answer.status_code}, {'the numbers' if leaks else 'nothing of it'}", not leaks


def long_logins(victim: Victim) -> Said:
    """Log-ins with long names: what is kept of them."""
    before = victim.memory()
    for number in range(60):
        victim.log_in(plugin="dummy", login=f"{number:04}" + "x" * 9_900_000, password="")
    return _grown(victim, before, 100)


def _grown(victim: Victim, before: int, most: int) -> Said:
    now = victim.memory()
    return f"{before} to {now} MB", now - before < most


def guesses(victim: Victim) -> Said:
    """300 at once, of a directory that takes 2.5 s: how many it is asked."""
    said = Counter(at_once(300, lambda number: victim.log_in(plugin="slow", login="guessed", password="x")))
    return f"{said[401]} asked, {said[429]} told to wait", said[401] <= 10


def right_ones(victim: Victim) -> Said:
    """100 right log-ins at once from one address."""
    said = Counter(at_once(100, lambda number: victim.log_in(plugin="slow", login="boss", password="right")))
    return f"{said[201]} of 100 in", said[201] == 100


def takers_of_nothing(victim: Victim) -> Said:
    """60 answers of 16 MB that nobody takes: memory meanwhile and afterwards, and somebody else's answer."""
    path = f"{ROOT}/data/h5grove/data/?path=/values&format=bin&dataCollectionId={files.LARGE}&selection="
    token = victim.boss["Authorization"]
    before, clients = victim.memory(), [victim.connect() for _ in range(60)]
    for number, client in enumerate(clients):
        head = f"GET {path}{number % 4} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n"
        client.sendall(head.encode())
    time.sleep(5)
    held = victim.memory()
    ask = partial(victim.get, f"{path.removeprefix(ROOT)}0,0:10", victim.other)
    other, seconds = timed(ask)
    for client in clients:
        client.close()
    time.sleep(20)
    after = victim.memory()
    said = f"{before} MB, then {held}, {after} afterwards; another got {other.status_code} in {seconds:.1f} s"
    return said, held - before < 450 and after - before < 150 and other.is_success


def _busy(victim: Victim, key: int) -> Said:
    """A picture that hangs or bombs."""
    answer, seconds = timed(lambda: victim.image(key))
    most = victim.most_of_readers()
    said = f"{answer.status_code} after {seconds:.1f} s, a reader had {most} MB"
    return said, seconds < PICTURE_SECONDS and most < READER_MEGABYTES


def null_filter(victim: Victim) -> Said:
    """A filter that holds nothing."""
    statuses = [
        victim.get(f"/{path}=null").status_code for path in ("sessions?scheduled", "events?sessionId")
    ]
    return str(statuses), statuses == [422, 422]


def large_key(victim: Victim) -> Said:
    """A key that no column holds."""
    body, url = {"personId": 481971272292730142720}, f"{victim.url}/admin/groups/1/person"
    status = httpx.post(url, json=body, headers=victim.boss, timeout=60).status_code
    return str(status), status in (400, 422)


def odd_header(victim: Victim) -> Said:
    """The header of a CBF that is not all ASCII."""
    status = victim.get("/data/images/header", dataCollectionId=files.LETTER, imageNumber=1).status_code
    return str(status), status == 200


def wrong_range(victim: Victim) -> Said:
    """A range that is none."""
    path, headers = f"/datacollections/images/{SNAPSHOT}", {**victim.boss, "Range": "bytes=a-b"}
    answer = victim.get(path, headers)
    kind = answer.headers["content-type"]
    return f"{answer.status_code} {kind}", kind == "application/json"


def leavers(victim: Victim) -> Said:
    """Clients that leave while they send."""
    before = victim.running.err.count("Traceback")
    for _ in range(20):
        with victim.connect() as client:
            head = b"POST " + API + b"/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            client.sendall(head + b'Content-Length: 100\r\n\r\n{"plugin"')
    time.sleep(3)
    tracebacks = victim.running.err.count("Traceback") - before
    return f"{tracebacks} tracebacks of 20", not tracebacks


def long_filters(victim: Victim) -> Said:
    """Totals of events by filters of 60 kB."""
    ask = "/events?skip=1&beamLineName={:05}" + "x" * 60_000
    victim.get(ask.format(0))
    before = victim.memory()
    with httpx.Client(headers=victim.boss, timeout=120) as client:
        for number in range(1, 500):
            client.get(victim.url + ask.format(number))
    return _grown(victim, before, 25)


def shown_inline(victim: Victim) -> Said:
    """A page of HTML that an image column names."""
    headers = victim.get(f"/datacollections/images/{SNAPSHOT}").headers
    cached, policy = (headers.get(name, "none") for name in ("cache-control", "content-security-policy"))
    said = f"Cache-Control: {cached}; policy: {policy[:18]}"
    return said, cached == "private" and "sandbox" in policy


def many_members(victim: Victim) -> Said:
    """The listing of a group of 60,000 members."""
    ask = partial(victim.get, "/data/h5grove/meta/", dataCollectionId=files.MANY, path="/many")
    answer, seconds = timed(ask)
    return f"{answer.status_code} after {seconds:.1f} s", answer.is_success


def _virtual(victim: Victim) -> Said:
    query = {"dataCollectionId": files.OVER, "path": "/v", "format": "bin"}
    return _numbers(victim, victim.get("/data/h5grove/data/", **query))


ATTACKS: dict[str, list[tuple[str, Attack]]] = {
    "C1": [
        ("EDF that names the environment", lambda v: _leaked(v, files.ENVIRONMENT, SECRET.encode())),
        ("EDF that names a file outside", lambda v: _leaked(v, files.TEXT, files.SECRET)),
    ],
    "H1": [("HDF5 behind gzip that leads outside", lambda v: _numbers(v, v.image(files.BEHIND)))],
    "H2": [("virtual data set over a link", _virtual)],
    "H3": [("60 names of 9.9 MB", long_logins)],
    "M2": [("300 guesses at once", guesses), ("100 right ones at once", right_ones)],
    "M4": [("60 that take nothing", takers_of_nothing)],
    "M5": [
        ("TIFF that follows itself", lambda v: _busy(v, files.CIRCLE)),
        ("EDF that names a FIFO", lambda v: _busy(v, files.FIFO)),
        ("CBF without its marker", lambda v: _busy(v, files.ENDLESS)),
        ("4 GiB in .cbf.gz", lambda v: _busy(v, files.BOMB)),
    ],
    "1": [("null as a filter", null_filter)],
    "2": [("a key of 69 bits", large_key)],
    "3": [("a header beyond ASCII", odd_header)],
    "5": [("Range: bytes=a-b", wrong_range)],
    "6": [("leaving while sending", leavers)],
    "11": [("500 filters of 60 kB", long_filters)],
    "12": [("HTML in a column of images", shown_inline)],
    "14": [("a group of 60,000 members", many_members)],
}
"""What a running server is asked for."""

_CONNECTIONS = "tests/integration/test_connections.py::test_a"
TESTS = {
    "M1": [f"{_CONNECTIONS}_server_without_a_connection_left"],
    "4": ["tests/contract/test_document.py::test_operations_are_as_clients_know_them"],
    "7": ["tests/core/test_files.py::test_flags_wait_for_a_file_system_that_is_slow_but_answers"],
    "8": ["tests/core/test_reader.py::test_a_file_that_is_moved_away_is_missed_and_found_again"],
    "9": [f"{_CONNECTIONS}_write_waits_for_a_paused_server_no_longer_than_it_should"],
    "10": [
        "tests/plugins/processing/test_processing.py::test_screenings_of_a_collection_that_is_not_seen_are_none",
        "tests/plugins/stats/test_stats.py::test_a_name_that_two_have_names_neither",
    ],
}
"""What needs a database in an odd state, or a file system that hangs: tests of the suite."""
