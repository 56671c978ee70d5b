"""A protein that is made while samples are typed as a sheet: what its page is given, and what is stored."""

from __future__ import annotations

from typing import Any

from starbeam.api import Refusal
from starbeam.api.database import Reader, Write
from starbeam.api.lists import number_of
from starbeam.api.web import About, Making, faults_by_field, make, making_of, newest, tidy
from starbeam_samples.forms import PROTEIN


async def begin(reader: Reader, proposal_id: int) -> dict[str, Any]:
    """What the page shows before anything is typed. 1 statement."""
    making = making_of("protein", PROTEIN, reader.scope.schema, About([], {"proposalId": proposal_id}))
    return {
        "making": making,
        "texts": {one.name: one.start for one in making.fields},
        "after": await newest(reader, PROTEIN),
        "inner": {},
    }


def hold(shown: dict[str, Any], form: Any) -> None:
    """Let the page show what was typed."""
    making: Making = shown["making"]
    shown["texts"] |= {one.name: tidy(f"{form[one.name]}") for one in making.fields if one.name in form}
    shown["after"] = number_of(f"{form.get('after', '')}") or 0


async def make_protein(write: Write, shown: dict[str, Any], form: Any) -> dict[str, Any]:
    """Store what was typed; what the page shows of what is wrong with it, nothing where it is stored."""
    making: Making = shown["making"]
    try:
        await write.alone(PROTEIN.alone, make, making, shown["texts"], shown["after"])
    except Refusal as refused:
        inner = faults_by_field(refused, making.name)
        return {"inner": inner, "others": [] if inner else [refused.sentence]}
    return {}
