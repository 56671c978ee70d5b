"""What a web page polls beside the events: statuses of 25 data collections, and their attachments."""

from __future__ import annotations

from benchmarks.databases import STAFF, events
from benchmarks.suite import Case, Suite

IDS = f"[{','.join(str(10 * number) for number in range(1, 26))}]"

SUITES = (
    Suite(
        "200,000 data collections, 20,000 of them processed",
        plugins=("ispyb", "datacollections", "processing"),
        fill=events(),
        cases=(
            Case("statuses of 25", f"/processings/status?dataCollectionIds={IDS}", STAFF),
            Case("messages of 25", f"/processings/messages/status?dataCollectionIds={IDS}", STAFF),
            Case("attachments of one", "/datacollections/attachments?dataCollectionId=4", STAFF),
            Case("integrations of one", "/processings/auto-integrations?dataCollectionId=10", STAFF),
        ),
    ),
)
