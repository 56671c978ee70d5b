"""What servers share by Valkey or Redis: two of them count and look together, and go on alone without it.

The apps run in one process, each with connections of its own; the store is Debian's redis-server.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec import structs
from structlog.testing import capture_logs

import starbeam.app
from starbeam import shared
from starbeam.auth.ratelimit import PER_ACCOUNT_AND_ADDRESS
from starbeam.db import counts
from starbeam.settings import Settings, SettingsError, load
from starbeam.shared import Shared
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import FORBIDDEN, said
from support.commands import Site, free_port
from support.probe import WITH_PROBE
from support.valkey import PASSWORD, Valkey

pytestmark = pytest.mark.anyio

PLUGINS = "ispyb", "proposals", "probe", "admin"
HELD = (200, 0)


@pytest.fixture
async def two(make_app: MakeApp, store: Valkey, monkeypatch: pytest.MonkeyPatch) -> tuple[TestApp, TestApp]:
    """Two servers of one installation, which do not read rights again by themselves."""
    monkeypatch.setattr(starbeam.app, "REFRESH_SECONDS", 3600)
    settings = {**WITH_PROBE, "shared.url": store.url, "server.metrics_from": ["127.0.0.1"]}
    first, second = [await make_app(*PLUGINS, **settings) for _ in range(2)]
    await first.database.person("abcd")
    return first, second


async def attempt(app: TestApp, login: str = "abcd", password: str = "wrong") -> int:
    body = {"plugin": "probe", "login": login, "password": password}
    return (await app.client.post("/auth/login", json=body)).status_code


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - it is asked for, not told
            await asyncio.sleep(0.02)


# Failed log-ins


async def test_failed_log_ins_count_on_all_servers(two: tuple[TestApp, TestApp], store: Valkey) -> None:
    for _ in range(2):  # getting in anywhere ends the count everywhere
        assert [await attempt(two[0]) for _ in range(9)] == [401] * 9
        assert await attempt(two[1], password="right") == 201
    assert [await attempt(two[number % 2]) for number in range(10)] == [401] * PER_ACCOUNT_AND_ADDRESS
    assert [await attempt(app, password="right") for app in two] == [429, 429]
    body = {"plugin": "probe", "login": "abcd", "password": "wrong"}
    answer = await two[1].client.post("/auth/login", json=body)
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert await attempt(two[1], "efgh") == 401
    keys = store.client.keys()
    assert sum(b":failed:" in key for key in keys) == 5  # two pairs, two accounts, an address
    everything = b"".join(store.client.dump(key) + key for key in keys)
    assert b"abcd" not in everything
    assert b"127.0.0.1" not in everything
    assert all(0 < store.client.ttl(key) <= 60 for key in keys)
    store.client.flushall()  # tries at once are counted together, too
    found = await asyncio.gather(*(attempt(two[number % 2]) for number in range(40)))
    assert Counter(found) == {401: 10, 429: 30}


# Totals


@pytest.fixture
async def proposals(two: tuple[TestApp, TestApp], monkeypatch: pytest.MonkeyPatch) -> None:
    """Six, of which ada is in two; a total of two is a long one."""
    monkeypatch.setattr(counts, "LONG", 2)
    app = two[0]
    ada = await app.database.person("ada")
    rows = [
        {"proposalId": one, "personId": ada, "proposalCode": "mx", "proposalNumber": str(one)}
        for one in range(1, 7)
    ]
    await app.database.add(m.Proposal, *rows)
    await app.database.add(m.ProposalHasPerson, *({"proposalId": one, "personId": ada} for one in (1, 2)))


async def total(app: TestApp, headers: dict[str, str]) -> tuple[int, int]:
    """What a page of one says there is, and how many statements counted it."""
    counted: list[str] = []

    def note(text: str, values: Any) -> None:
        counted.extend([text] if text.lower().startswith("select count(") else [])

    app.starbeam.database.watchers.append(note)
    answer = await app.client.get("/proposals?limit=1", headers=headers)
    app.starbeam.database.watchers.remove(note)
    return answer.json()["total"], len(counted)


@pytest.mark.usefixtures("proposals")
async def test_a_total_is_counted_once_for_all_servers_and_for_nobody_else(
    two: tuple[TestApp, TestApp], store: Valkey
) -> None:
    first, second = two
    root, ada, eve = [await first.as_user(*who) for who in (("root", "all_proposals"), ("ada",), ("eve",))]
    await second.refresh()
    assert await total(first, root) == (6, 1)
    assert await total(second, root) == (6, 0)
    assert await total(second, ada) == (2, 1)  # what others see is not hers
    assert await total(first, ada) == (2, 0)
    assert (await total(first, eve))[0] == 0
    keys = store.client.keys("*:once:*")
    assert len(keys) == 2
    assert all(0 < store.client.pttl(key) <= 5000 for key in keys)


async def forged(store: Valkey, make: Callable[[list[bytes], bytes], object]) -> None:
    """Replace all totals by others."""
    keys = sorted(store.client.keys("*:once:*"))
    values = {key: make([store.client.get(one) for one in keys], key) for key in keys}
    for key, value in values.items():
        store.client.delete(key)
        store.client.rpush(key, "x") if value is None else store.client.set(key, value)


FORGERIES: dict[str, Callable[[list[bytes], bytes], object]] = {
    "another's": lambda all, key: sorted(all)[0] if sorted(all)[0] else b"",
    "nothing": lambda all, key: b"",
    "a number": lambda all, key: b"999999",
    "msgpack": lambda all, key: b"\xcd\x03\xe8",
    "cut": lambda all, key: all[0][:15],
    "longer": lambda all, key: all[0] + b"\x00",
    "no value": lambda all, key: None,
    "large": lambda all, key: b"\xff" * 1_000_000,
}


@pytest.mark.usefixtures("proposals")
async def test_what_nobody_signed_for_this_is_not_believed(
    two: tuple[TestApp, TestApp], store: Valkey
) -> None:
    first, second = two
    root, ada = [await first.as_user(*who) for who in (("root", "all_proposals"), ("ada",))]
    await second.refresh()
    assert (await total(first, root), await total(first, ada)) == ((6, 1), (2, 1))
    for name, make in FORGERIES.items():
        await forged(store, make)
        second.starbeam.scopes._scopes.clear()  # what this server keeps itself
        found = [(await total(second, headers))[0] for headers in (root, ada)]
        assert found == [6, 2], name


async def test_what_is_kept_is_of_one_installation() -> None:
    base = Settings()
    other = structs.replace(base, database=structs.replace(base.database, url="sqlite+aiosqlite:///other.db"))
    strange = structs.replace(base, auth=structs.replace(base.auth, secret_key="x" * 40))
    names = {Shared(one).name("once", "said") for one in (base, other, strange)}
    assert len(names) == 3
    urls = [f"mysql+asyncmy://{account}db.example.org/ispyb" for account in ("", "one:pass@", "two@")]
    same = [structs.replace(base, database=structs.replace(base.database, url=url)) for url in urls]
    assert len({Shared(one).name("once", "said") for one in same}) == 1


# Rights


async def test_a_right_that_is_taken_away_is_gone_on_all_servers(two: tuple[TestApp, TestApp]) -> None:
    """Through the operation of administrators."""
    first, second = two
    person = await first.database.person("held", "probe")
    boss = await first.as_user("boss", "manage_groups")
    await second.refresh()
    headers = first.token("held", person)

    async def held(app: TestApp) -> Any:
        return said(await app.client.get("/probe/held", headers=headers))

    assert [await held(app) for app in two] == [HELD, HELD]
    (group,) = await first.database.sql("SELECT userGroupId FROM UserGroup WHERE name = 'probe'")
    url = f"/admin/groups/{group[0]}/person/{person}"
    assert (await first.client.delete(url, headers=boss)).status_code == 204
    assert await held(first) == FORBIDDEN
    reads = await reads_of_rights(second, lambda: is_(held(second), FORBIDDEN))
    assert reads == 1  # told once, read once


async def is_(answer: Awaitable[Any], expected: Any) -> bool:
    return bool(await answer == expected)


async def reads_of_rights(app: TestApp, until: Callable[[], Awaitable[bool]]) -> int:
    """How often an app reads rights until something is so, but for its own rhythm, which is stopped."""
    reads = 0
    load = app.starbeam.snapshot._load

    async def counted() -> None:
        nonlocal reads
        reads += 1
        await load()

    app.starbeam.snapshot._load = counted  # type: ignore[method-assign]
    await eventually(until)
    return reads


# Looks


def client(url: str, ssl_ca: str = "") -> Shared:
    """What a server uses."""
    return Shared(load(None, {}, {"shared.url": url, "shared.ssl_ca": ssl_ca}).settings)


async def test_one_server_finds_what_others_need(store: Valkey) -> None:
    stores = [client(store.url) for _ in range(2)]
    asked = []

    async def work() -> list[int]:
        asked.append(1)
        return [1, 2]

    async def once(number: int, about: str = "a", kind: Any = list[int]) -> Any:
        return await stores[number].once(about, kind, 30, work)

    assert [await once(0), await once(1), await once(1)] == [[1, 2]] * 3
    assert len(asked) == 1
    assert await once(1, "b") == [1, 2]
    assert await once(1, "a", list[str]) == [1, 2]  # another version keeps another type
    assert len(asked) == 3
    for one in stores:
        await one.close()


# Away


@asynccontextmanager
async def watched(app: TestApp) -> AsyncIterator[list[str]]:
    """What the log says of the store meanwhile."""
    with capture_logs() as lines:
        said: list[str] = []
        yield said
        said += [line["event"] for line in lines if "shared server" in line["event"]]


async def sees_it(app: TestApp, away: bool) -> None:
    """Wait until the app knows, and tells in its checks and figures; it is ready all the same."""
    sentence = "is away: each worker goes on by itself" if away else "ok"

    async def told() -> bool:
        ready = await app.client.get("http://testserver.local/health/ready")
        assert ready.status_code == 200
        figures = (await app.client.get("http://testserver.local/metrics")).text
        return ready.json()["checks"]["shared"] == sentence and f"starbeam_shared_away {away:d}.0" in figures

    await eventually(told)


AWAY = "shared server is away: each worker goes on by itself"


@pytest.mark.usefixtures("proposals")
async def test_without_the_store_each_server_goes_on_and_with_it_again_they_share(
    two: tuple[TestApp, TestApp], store: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two
    root = await first.as_user("root", "all_proposals")
    await second.refresh()
    assert [await attempt(first) for _ in range(10)] == [401] * 10
    async with watched(first) as said_:
        store.kill()
        assert [await attempt(app) for app in two] == [401, 401]
        assert [await attempt(first) for _ in range(10)] == [401] * 9 + [429]
        assert (await total(first, root))[0] == 6
        await sees_it(first, away=True)
        store.start()
        for app in two:
            await sees_it(app, away=False)
    assert Counter(said_) == {AWAY: 2, "shared server is back": 2}  # of two servers
    assert await attempt(first) == 401  # it has forgotten all
    assert [await attempt(app) for app in (second, first) for _ in range(5)] == [401] * 9 + [429]


@pytest.mark.usefixtures("proposals")
async def test_nobody_waits_long_for_a_store_that_says_nothing(
    two: tuple[TestApp, TestApp], store: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes first waits for it, and no other."""
    first, _ = two
    root = await first.as_user("root", "all_proposals")
    monkeypatch.setattr(shared, "PATIENCE", 1.0)
    waits: list[float] = []
    bounded = Shared._bounded

    async def timed(self: Shared, what: Any) -> Any:
        waits.append(1)
        return await bounded(self, what)

    with store.paused():
        first.starbeam.scopes._scopes.clear()
        assert (await total(first, root))[0] == 6
        monkeypatch.setattr(Shared, "_bounded", timed)
        monkeypatch.setattr(Shared, "look", nothing)
        assert [await attempt(first) for _ in range(3)] == [401] * 3
        assert waits == []
        monkeypatch.undo()
        await sees_it(first, away=True)
    await sees_it(first, away=False)


async def nothing(self: Shared) -> None:
    """In the place of what asks the store in the background."""


async def test_a_store_with_another_password_is_a_store_that_is_away(store: Valkey) -> None:
    wrong = client(store.url.replace(PASSWORD, "wrong"))
    with capture_logs() as lines:
        assert await wrong.trouble() == "is away: each worker goes on by itself"
    (line,) = [line for line in lines if line["event"] == AWAY]
    assert line["error"].startswith("AuthenticationError")
    await wrong.close()


async def test_values_of_other_kinds_are_no_trouble(two: tuple[TestApp, TestApp], store: Valkey) -> None:
    await attempt(two[0])
    names = store.client.keys()
    assert len(names) >= 3
    for make in (
        lambda name: store.client.set(name, b"\xff" * 100),
        lambda name: store.client.rpush(name, "x"),
    ):
        for name in names:
            store.client.delete(name)
            make(name)
        assert await attempt(two[0]) == 401
        assert await attempt(two[1], password="right") == 201
    for name in names:
        store.client.delete(name)
        store.client.zadd(name, {"far": 1e300, "near": -1e300, "": float("inf")})
    assert await attempt(two[0]) in (401, 429)


async def test_a_store_that_takes_nothing_is_away(two: tuple[TestApp, TestApp], store: Valkey) -> None:
    async with watched(two[0]) as said_:
        store.client.config_set("maxmemory", "1")
        assert await attempt(two[0]) == 401
        await sees_it(two[0], away=True)
        store.client.config_set("maxmemory", "0")
        await sees_it(two[0], away=False)
    assert said_.count(AWAY) <= 2


# Settings


async def test_with_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PATIENCE", 30)
    made = Valkey(tls=True)
    made.start()
    try:
        trusting, other = client(made.url, made.ca_file), client(made.url)
        assert await trusting.trouble() is None
        assert await other.trouble() is not None
        for one in (trusting, other):
            await one.close()
    finally:
        made.close()


@pytest.mark.parametrize(
    "url",
    ["redis://host", "redis://host:6379/0", "rediss://:pass@host/1", "redis://who:p%40ss@[::1]:1", ""],
)
def test_urls(url: str) -> None:
    assert load(None, {}, {"shared.url": url}).settings.shared.url == url


@pytest.mark.parametrize(
    "url",
    ["valkey://host", "host:6379", "redis://", "redis://host/x", "redis://a:b:c@host", "redis://host?db=1"],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(SettingsError, match=r"shared\.url: expected redis://:password@host:6379/0"):
        load(None, {}, {"shared.url": url})


def test_the_password_is_hidden_and_doctor_names_the_store(tmp_path: Any) -> None:
    url = f"redis://:hush-hush@127.0.0.1:{free_port()}/0"
    site = Site(tmp_path, more=f'[shared]\nurl = "{url}"\n')
    site.make_database()
    shown = site.invoke("config", "show").output
    assert "redis://:********@127.0.0.1" in shown
    found = site.invoke("doctor").output
    assert "check shared" in found
    assert "is away: each worker goes on by itself" in found
    assert "hush-hush" not in shown + found
