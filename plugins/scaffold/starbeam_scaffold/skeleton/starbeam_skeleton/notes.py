"""What is done with notes, free of HTTP and SQL."""

from __future__ import annotations

from starbeam.api import Invalid
from starbeam.api.database import Writer
from starbeam_skeleton import schemas
from starbeam_skeleton.models import SkeletonNote
from starbeam_skeleton.queries import NOTES


async def add(writer: Writer, longest: int, data: schemas.SkeletonNoteCreate) -> schemas.SkeletonNote:
    """Add a note of the caller."""
    if len(data.text) > longest:
        raise Invalid(f"A note may have {longest} characters", ["body", "text"])
    values = {
        "personId": writer.who.person_id,
        "text": data.text,
        "created": writer.now.replace(microsecond=0),
    }
    row = await writer.create(SkeletonNote, values)
    return await writer.get(NOTES, row.skeletonNoteId)
