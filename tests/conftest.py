"""What all tests share.

`db`, `make_app` and `as_user` come from `starbeam_testing`. Here the database is one of four: a test that
asks for `db` (or `make_app`) runs on SQLite; one marked `@pytest.mark.four_databases` runs on SQLite (union)
and on MariaDB (community, diamond; with `make check-long` union too, which no facility has); one marked
`@pytest.mark.on("mariadb-diamond", …)` on those named, and with `make check-long` on those of `late` too.
`kind` says which it is.
"""

from __future__ import annotations

import logging
import os
import time
from fnmatch import fnmatch
from pathlib import Path

import pytest
from hypothesis import settings

from support import valkey
from support.schemas import KINDS, MARIADB_UNION, SQLITE, Kind, fresh_database

os.environ.setdefault("OTEL_SDK_DISABLED", "true")  # no test but those of it has a collector
logging.getLogger("httpx").setLevel(logging.WARNING)  # lines of the client, with whole addresses, are kept

settings.register_profile("suite", deadline=None)  # a busy machine is no fault
settings.load_profile("suite")


HERE = Path(__file__).parent
WHOLE, FAST = "", "-m not (long or slow or mariadb) tests/core tests/plugins"
MINUTES = {WHOLE: 15, FAST: 2}
"""How long the suite and `make test-fast` took on two quiet cores, for who runs them the first time."""
BEGAN = pytest.StashKey[float]()
SLOW = (
    *("core/test_cli.py", "core/test_cli_tables.py", "core/test_connections.py", "core/test_csv.py"),
    *("core/test_deprecation.py", "core/test_metrics.py", "core/test_onetime.py"),
    *("core/test_plugin_contract.py", "core/test_ratelimit.py", "core/test_serve.py", "core/test_streams.py"),
    *("core/test_token_attacks.py", "core/test_workers.py"),
    *("plugins/*/test_browser.py", "plugins/*/test_command.py", "plugins/*/test_csv.py"),
    *("plugins/*/test_h5web.py", "plugins/*/test_pages.py", "plugins/*/test_servers.py"),
    *("plugins/admin/test_groups.py", "plugins/auth_ldap/test_log_in.py"),
    *("plugins/data/*", "plugins/ddl/test_facts.py", "plugins/demo/test_[cf]*.py"),
    *("plugins/events/test_cursors.py", "plugins/events/test_stream.py"),
    *(
        "plugins/legacy/test_forms.py",
        "plugins/mxcube/test_client.py",
        "plugins/mxcube/test_page.py",
        "plugins/pyispyb/test_call.py",
        "plugins/simulator/test_simulate.py",
        "plugins/tokens/test_long_day.py",
    ),
    *("plugins/userportal/test_transaction.py", "plugins/web/test_login.py"),
)
"""What `make test-fast` leaves out: these start servers, browsers and readers of files, make whole
facilities, need programs of others that `make test` installs, or more than their share of two minutes."""
LONGEST = {"test_browser.py", "test_live_pages.py"}
"""Of these each test takes as long as a whole file of others."""


def pytest_report_header(config: pytest.Config) -> str:
    """How long this will take."""
    config.stash[BEGAN] = time.monotonic()
    given = " ".join(config.invocation_params.args)
    if seconds := _took(config).get(given):
        return f"takes: {seconds / 60:.1f} minutes, as the last time here"
    return (
        f"takes: about {MINUTES[given]} minutes on two cores"
        if given in MINUTES
        else "takes: nobody knows yet"
    )


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write down how long it took."""
    if exitstatus <= pytest.ExitCode.TESTS_FAILED and BEGAN in session.config.stash:
        given = " ".join(session.config.invocation_params.args)
        took = {given: time.monotonic() - session.config.stash[BEGAN]}
        session.config.cache.set("starbeam/seconds", _took(session.config) | took)


def _took(config: pytest.Config) -> dict[str, float]:
    """Seconds that runs took here, by what pytest was told."""
    return config.cache.get("starbeam/seconds", {}) if hasattr(config, "cache") else {}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-fast` leaves out. What takes longest comes first: else one process would wait for
    the other at the end."""
    for item in items:
        if any(fnmatch(item.path.relative_to(HERE).as_posix(), pattern) for pattern in SLOW):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture
def anyio_backend() -> str:
    """Asyncio is what the server runs on."""
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on the databases that its marks name."""
    if "kind" not in metafunc.fixturenames:
        return
    kinds, late = [SQLITE], [str(MARIADB_UNION)]
    if metafunc.definition.get_closest_marker("four_databases"):
        kinds = list(KINDS)
    elif mark := metafunc.definition.get_closest_marker("on"):
        late = mark.kwargs.get("late", [])
        kinds = [next(kind for kind in KINDS if str(kind) == name) for name in [*mark.args, *late]]
    found = []
    for kind in kinds:
        marks = [pytest.mark.mariadb] if kind.server == "mariadb" else []
        marks += [pytest.mark.long] if str(kind) in late else []
        found.append(pytest.param(kind, id=str(kind), marks=marks))
    metafunc.parametrize("kind", found)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> valkey.Valkey:
    """What servers may share, with nothing in it. Everybody waits for it as long as a busy machine needs."""
    monkeypatch.setattr("starbeam.shared.PATIENCE", 30)
    found = valkey.running()
    found.fresh()
    return found


@pytest.fixture
def kind() -> Kind:
    """Which database the test runs on."""
    return SQLITE


@pytest.fixture
async def database_url(kind: Kind, tmp_path: Path) -> str:
    """A fresh database of this kind."""
    return await fresh_database(kind, tmp_path)
