"""`make bench-pages`: what each page costs, beside the requests to the API that it stands for.

Written to the documentation. The large database, for staff; `--tenth` measures a tenth and writes nothing.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import httpx
import structlog
from rich.console import Console

from benchmarks.everything import crowd, system
from benchmarks.everything.asked import ONE_PAGE, PROPOSAL, SESSION
from benchmarks.everything.costs import MariaDB, driver, measure
from benchmarks.everything.crowd import FIRST
from starbeam.app import Starbeam
from starbeam.db import counts
from starbeam.registry import pages_of
from support import mariadb, world

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "page-costs.md"
STAFF = "administrator"
_SHIPPED = (f"/proposals?{ONE_PAGE}", "/containers")
"""Of which proposal a shipment is, and what is in it."""


def _cards(*ids: int) -> tuple[str, ...]:
    """What cards of data collections show of their processing and quality."""
    several = "%5B" + "%2C".join(map(str, ids)) + "%5D"
    return (
        *(f"/processings{one}/status?dataCollectionIds={several}" for one in ("", "/messages")),
        *(f"/processings/auto-integrations?dataCollectionId={id}" for id in ids),
        *(f"/datacollections/quality?dataCollectionId={id}" for id in ids),
    )


_STREAM = (
    "/user/current",
    f"/events?{SESSION}&limit=10",
    f"/events/types?{SESSION}",
    *_cards(*(FIRST + 998 - 2 * n for n in range(10))),
)
_MOVIES = (
    f"/legacy/em/proposal/mx9001/datacollection/{FIRST}/movies",
    f"/legacy/em/proposal/mx9001/data_collections/{FIRST}/stats",
)
_OF_GROUP = (
    *(f"/datacollections/groups/{FIRST}", f"/datacollections/workflows/steps?workflowId={FIRST}", *_MOVIES),
)
"""Comments, steps of its workflow, movies."""
STANDS_FOR: dict[str, tuple[str, ...]] = {
    "/": (
        *("/user/current", "/options/ui", "/sessions?limit=9", "/proposals?limit=10", "/shippings?limit=10"),
        *("/sessions/group?beamLineGroup=wide&upcoming=true", "/events?limit=12"),
    ),
    "/search?q=mx9": tuple(f"/{what}?limit=10&search=mx9" for what in ("proposals", "samples", "proteins")),
    "/proposals": (f"/proposals?{ONE_PAGE}",),
    "/proposals/mx9001": ("/proposals/mx9001", f"/sessions?{ONE_PAGE}&{PROPOSAL}"),
    "/proposals/mx9001/people": ("/proposals/mx9001", f"/persons?{PROPOSAL}"),
    "/proposals/mx9001/samples": ("/proposals/mx9001", f"/samples?{ONE_PAGE}&{PROPOSAL}"),
    "/proposals/mx9001/shipments": (
        "/proposals/mx9001",
        f"/shippings?{PROPOSAL}",
        f"/containers?{PROPOSAL}",
    ),
    "/sessions": (f"/sessions?{ONE_PAGE}",),
    f"/sessions/{FIRST}": (f"/sessions/{FIRST}", *_STREAM),
    f"/sessions/{FIRST}/people": (f"/sessions/{FIRST}", f"/persons?{SESSION}"),
    f"/sessions/{FIRST}/samples": (f"/sessions/{FIRST}", f"/samples?{ONE_PAGE}&{PROPOSAL}"),
    f"/sessions/{FIRST}/statistics": tuple(
        f"/stats/{what}?{SESSION}"
        for what in ("breakdown", "times", "hourlies", "errors", "parameters/histogram")
    ),
    "/proposals/mx9001/statistics": (
        *("/proposals/mx9001", f"/stats/times?{PROPOSAL}", f"/stats/hourlies?{PROPOSAL}"),
    ),
    f"/sessions/{FIRST}/results": (f"/sessions/{FIRST}", f"/processings/results?{SESSION}"),
    "/proposals/mx9001/results": ("/proposals/mx9001", f"/processings/results?{PROPOSAL}"),
    f"/sessions/{FIRST}/movies": (f"/sessions/{FIRST}", *_MOVIES),
    f"/collections/{FIRST}/movies": (f"/events?dataCollectionId={FIRST}", *_MOVIES),
    f"/movies/{FIRST}": _MOVIES[:1],
    "/calendar": ("/sessions?year=2026&month=11&limit=1000",),
    "/beamlines": ("/sessions/group?beamLineGroup=wide&upcoming=true", "/events?limit=12"),
    "/beamlines/id01": ("/sessions?beamLineName=id01&limit=1", *_STREAM),
    "/admin": ("/health/ready",),
    "/admin/activity": ("/admin/activity",),
    "/admin/groups": ("/admin/groups",),
    "/admin/groups/1": (
        *("/admin/groups?userGroupId=1", "/admin/permissions?userGroupId=1", "/admin/permissions?limit=100"),
        "/persons",
    ),
    "/admin/options": ("/options",),
    "/admin/people": ("/admin/groups", "/persons"),
    "/admin/people/1": ("/admin/groups", "/persons?login=contact1"),
    "/admin/permissions": ("/admin/permissions",),
    "/admin/permissions/1": ("/admin/permissions", "/admin/groups"),
    "/calendar/2026-07": ("/sessions?year=2026&month=7&limit=1000",),
    "/samples": (f"/samples?{ONE_PAGE}",),
    f"/samples/{FIRST + 1}": (
        *(f"/samples/{FIRST + 1}", f"/samples/images?blSampleId={FIRST + 1}"),
        *(
            f"/processings/results?blSampleId={FIRST + 1}&of=sample",
            f"/events?blSampleId={FIRST + 1}&limit=10",
        ),
        *_cards(*(FIRST + 3 + 4000 * n for n in range(49, 39, -1))),
    ),
    "/proteins": ("/proteins",),
    f"/proteins/{FIRST}": (
        *(f"/proteins/{FIRST}", f"/samples?{ONE_PAGE}&proteinId={FIRST}", f"/sessions?{ONE_PAGE}&{PROPOSAL}"),
        f"/processings/results?proteinId={FIRST}&of=protein",
    ),
    "/shipments": ("/shippings", *_SHIPPED),
    f"/shipments/{FIRST}": (
        *(f"/shippings/{FIRST}", f"/dewars?shippingId={FIRST}", f"/containers?dewarId={FIRST}"),
    ),
    f"/dewars/{FIRST}": (f"/dewars/{FIRST}", f"/containers?dewarId={FIRST}"),
    f"/containers/{FIRST}": (f"/containers/{FIRST}", f"/samples?{ONE_PAGE}&containerId={FIRST}"),
    "/contacts": ("/labcontacts",),
    "/contacts/1": ("/labcontacts/1",),
    f"/collections/{FIRST}": (
        f"/events?dataCollectionId={FIRST}",
        f"/datacollections/attachments?dataCollectionId={FIRST}",
        f"/processings?dataCollectionId={FIRST}",
        f"/processings/auto-integrations?dataCollectionId={FIRST}",
        f"/datacollections/quality?dataCollectionId={FIRST}&limit=1000",
        f"/processings/attachments?dataCollectionId={FIRST}",
        *_OF_GROUP,
    ),
    f"/groups/{FIRST}": (*(f"/events?dataCollectionGroupId={FIRST}", *_cards(FIRST, FIRST + 1), *_OF_GROUP),),
    f"/programs/{FIRST}": (
        *(
            f"/processings/auto-integrations?dataCollectionId={FIRST}",
            f"/processings/messages?dataCollectionId={FIRST}",
            f"/processings/attachments?dataCollectionId={FIRST}",
            f"/datacollections/{FIRST}",
        ),
    ),
}
"""By page: the requests that a client would send to show the same. Of what no request gives for many rows at
once, such as the containers of each shipment, a page of the list that has it."""
AIM = 1.3
_FRAME = (
    "a request is answered in little more than its statements take, and the frame of the page adds to that"
)
_DRAWS = "the page draws the figures, which a client of the API draws itself"
_DRAWN = "its rows become cells with links, times and states, which takes longer than writing them as JSON"
_STATES = (
    "it says of each sample what the robot, its collections and their processing came to, "
    "which no request gives"
)
ABOVE = {
    "/search?q=mx9": "it looks for exact names first, and each plugin draws what it finds",
    "/proposals": _DRAWN,
    "/proposals/mx9001": _DRAWN,
    "/proposals/mx9001/samples": _STATES,
    "/sessions": _DRAWN,
    "/sessions/2000001/samples": _STATES,
    "/samples": _STATES,
    "/sessions/2000001/people": _FRAME,
    "/sessions/2000001/statistics": _DRAWS,
    "/proposals/mx9001/statistics": _DRAWS,
    "/sessions/2000001/results": "it has fifteen columns, and programs and space groups to choose from, "
    "which no request gives",
    "/admin": "no request gives the packages of plugins, what the database lacks and the folders of files",
    "/admin/activity": _FRAME,
    "/admin/groups": _FRAME,
    "/admin/options": _FRAME,
    "/admin/people": _FRAME,
    "/admin/people/1": "it lists all groups and permissions of the person, and all groups to choose from",
    "/admin/permissions": _FRAME,
    "/calendar/2026-07": "each session is drawn twice, as a bar in its week and below its days on telephones",
    "/proteins": _FRAME,
    "/proteins/2000001": "it finds the sessions in which data of the protein were collected, among all "
    "groups of its samples, where the request that stands for it gives those of the proposal",
    "/shipments/2000001": _FRAME,
    "/containers/2000001": "it reads what the robot did with each sample, which no request gives",
    "/contacts": _FRAME,
    "/contacts/1": _FRAME,
}
"""Why a page takes more than the aim."""
ALONE = {
    *(
        "/shipments/{key}/labels",
        "/admin/explain",
        "/login",
        "/login/{backend}",
        "/login/{backend}/back",
        "/static/{tag}/{name}",
    ),
    *(
        "/sessions/{key}/cards",
        "/sessions/{key}/maps",
        "/collections/{key}/maps",
        "/collections/{key}/grid",
        "/beamlines/{name}/changer",
    ),
    *("/proposals/{name}/sessions", "/proposals/{name}/sessions/{key}"),
    *("/proposals/{name}/samples/{key}", "/collections/{key}/maps/snapshot", "/maps/{key}/picture"),
    *("/programs/{key}/files/{file}", "/programs/{key}/files.zip"),
    *("/classes/{key}/picture", "/movies/{key}/{picture}", "/sessions/{key}/classes"),
    *("/statistics", "/statistics/{run}/{beamline}", "/energy-scans/{key}/chooch"),
    *(
        f"/{one}/{{key}}/edit"
        for one in (
            *("shipments", "contacts", "dewars", "containers", "proteins", "samples"),
            *("sessions", "groups", "collections", "admin/groups", "admin/permissions"),
        )
    ),
    *("/admin/options/edit", "/admin/groups/new", "/admin/permissions/new"),
    *(f"/admin/groups/{{key}}/{one}/{{row}}/remove" for one in ("people", "permissions")),
    "/sessions/{key}/report",
    *(f"/proposals/{{parent}}/{one}/new" for one in ("shipments", "contacts", "proteins")),
    *("/shipments/{parent}/dewars/new", "/dewars/{parent}/containers/new"),
    *("/containers/{parent}/samples/new", "/containers/{key}/sheet"),
    *("/collections/{key}/images", "/collections/{key}/images/{number}", "/collections/{key}/file"),
    *("/robot/{key}/before", "/robot/{key}/after", "/spectra/{key}/spectrum"),
}
"""Pages that stand for no request, forms, paper, files, and what that database has none of."""
HEAD = """# What each page costs

Each web page beside the requests to the API that a client would send to show the same, for staff on the
database of [200,000 data collections](costs.md): milliseconds of processors, of worker and database. The aim
is a ratio of 1.3 at most, and 15 kB of HTML, packed. `make bench-pages` writes this page.

Of what no request gives for many rows at once, such as the containers of each shipment, a page of the list
that has it is counted.

| page | kB, packed | statements | rows read | page ms | requests | requests ms | ratio |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


class Line(NamedTuple):
    """A page in the table."""

    page: str
    size: float
    """Of the HTML, packed, in kB."""
    statements: int
    rows: int
    page_ms: float
    requests: int
    requests_ms: float

    @property
    def ratio(self) -> float:
        """What the page takes, of what the requests take."""
        return self.page_ms / self.requests_ms

    def __str__(self) -> str:
        return (
            f"| `{self.page}` | {self.size:.1f} | {self.statements} | {self.rows} | {self.page_ms:.2f} "
            f"| {self.requests} | {self.requests_ms:.2f} | {self.ratio:.2f} |"
        )


def main() -> None:
    """Measure, print, and write the page."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    small = "--tenth" in sys.argv
    counts.AGE = system.HOUR
    server = mariadb.start("--innodb-buffer-pool-size=1G")
    try:
        lines = asyncio.run(_measured(server, crowd.COLLECTIONS // 10 if small else crowd.COLLECTIONS))
    finally:
        server.stop()
    if not small:
        PAGE.write_text(HEAD + "\n".join(map(str, lines)) + "\n" + _reasons(lines), encoding="utf-8")
    Console(width=160).print("\n".join(map(str, lines)))


def _reasons(lines: Iterable[Line]) -> str:
    """Why pages take more than the aim."""
    above = [one.page for one in lines if round(one.ratio, 2) > AIM]
    told = "".join(f"- `{one}`: {ABOVE[one]}.\n" for one in above if one in ABOVE)
    return f"\n## Above the aim\n\n{told}" if above else ""


def without_a_line(starbeam: Starbeam) -> set[str]:
    """Pages that the table says nothing of."""
    served = {re.sub(r":\w+", "", one.path) for one in pages_of(starbeam.asgi) if one.method == "GET"}
    told = [address.partition("?")[0] for address in STANDS_FOR]
    kinds = {path: re.compile(re.sub(r"{[^}]*}", "[^/]+", path)) for path in served - ALONE}
    return {path for path, kind in kinds.items() if not any(map(kind.fullmatch, told))}


async def _measured(server: mariadb.Server, size: int) -> list[Line]:
    url = await server.fresh_database("community")
    async with system.whole(url, size) as app:
        starbeam, root = app.starbeam, app.starbeam.settings.server.api_root
        headers = await world.enter(app)
        token = headers[STAFF]["Authorization"].removeprefix("Bearer ")
        watched = MariaDB(server.process, await driver(url))
        lines = []
        for page, requests in STANDS_FOR.items():
            cost = await measure(starbeam, watched, None, "GET", page, token, None)
            told = [
                await measure(starbeam, watched, None, "GET", _address(root, one), token, None)
                for one in requests
            ]
            if wrong := [one for one in (cost, *told) if one.status != 200]:
                raise ValueError(f"{page}: {wrong}")
            size_kb = len(gzip.compress(await _html(starbeam, page, headers[STAFF]))) / 1000
            of_calls = sum(one.both for one in told)
            lines.append(Line(page, size_kb, cost.statements, cost.rows, cost.both, len(told), of_calls))
        return lines


def _address(root: str, request: str) -> str:
    """That of health is beside the API."""
    return request if request.startswith("/health/") else root + request


async def _html(starbeam: Starbeam, page: str, headers: dict[str, str]) -> bytes:
    transport = httpx.ASGITransport(starbeam.asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as client:
        return (await client.get(page, headers={**headers, "Accept": "text/html"})).content


if __name__ == "__main__":
    main()
