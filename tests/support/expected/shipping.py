"""Lab contacts, shipments, dewars and containers."""

from __future__ import annotations

from typing import Any

from support.expected import Answer, Cost, Route, found_by, totals
from support.world import CALLERS

NEAR = ("session_member", "proposal_member", "staff", "administrator")
"""Those who see proposal 1."""
SEEN = totals(session_member=1, proposal_member=2, staff=1, administrator=3)
FOUND = found_by(*NEAR)
CREATED: dict[str, Answer] = {caller: 201 if caller in NEAR else 404 for caller in CALLERS}

_PLACE = {"name": "Lab", "address": "1 Road", "city": "Oslo", "country": "Norway"}
_PERSON = {"givenName": "Ida", "familyName": "Bo", "Laboratory": _PLACE}
_CONTACT: dict[str, Any] = {"proposalId": 1, "cardName": "new card", "Person": _PERSON}
_SHIPPING = {"proposalId": 1, "shippingName": "new", "sendingLabContactId": 1, "returnLabContactId": 1}

ROUTES = {
    "GET /labcontacts": Route(SEEN, cost=Cost(statements=2, reads=40)),
    "POST /labcontacts": Route(
        {**CREATED, **dict.fromkeys(NEAR[1:], 400)},  # the first of them has taken the name
        body=_CONTACT,
    ),
    "GET /labcontacts/{labContactId}": Route(FOUND, "/labcontacts/1"),
    "PATCH /labcontacts/{labContactId}": Route(FOUND, "/labcontacts/1", body={"courierAccount": "C2"}),
    "GET /shippings": Route(SEEN, cost=Cost(statements=2, reads=40)),
    "POST /shippings": Route(CREATED, body=_SHIPPING),
    "GET /shippings/{shippingId}": Route(FOUND, "/shippings/1"),
    "PATCH /shippings/{shippingId}": Route(FOUND, "/shippings/1", body={"comments": "Cold"}),
    "GET /dewars": Route(SEEN, cost=Cost(statements=2, reads=40)),
    "POST /dewars": Route(CREATED, body={"shippingId": 1, "code": "new"}),
    "GET /dewars/{dewarId}": Route(FOUND, "/dewars/1"),
    "PATCH /dewars/{dewarId}": Route(FOUND, "/dewars/1", body={"code": "other"}),
    "GET /containers": Route(SEEN, cost=Cost(statements=2, reads=60)),
    "POST /containers": Route(CREATED, body={"dewarId": 1, "code": "new", "containerType": "Puck"}),
    "GET /containers/{containerId}": Route(FOUND, "/containers/1"),
    "PATCH /containers/{containerId}": Route(FOUND, "/containers/1", body={"code": "other"}),
}
EMPTY = {"diamond": {"Laboratory.laboratoryExtPk"}}
