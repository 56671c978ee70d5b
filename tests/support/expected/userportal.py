"""The synchronisation with a user portal."""

from __future__ import annotations

from support.expected import Route, allowed

CHANGED = {"proposalCode": "mx", "proposalNumber": "23", "title": "Other", "persons": [{"login": "stranger"}]}
"""A proposal of the world with another title, and a person of it who is new there."""

ROUTES = {
    "POST /webservices/userportalsync/sync_proposal": Route(
        allowed("administrator"), body={"proposal": CHANGED}
    ),
}
