"""Keys of texts are equal where the database says that the texts are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import combinations

import msgspec
import pytest
from sqlalchemy import text

from starbeam.access import Principal
from starbeam.db.connection import ReadConnection
from starbeam.db.equality import keys_of
from starbeam.db.models import Person
from starbeam.db.reader import Reader
from starbeam.options import Options
from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio

TEXTS = [
    *("Ko", "Kö", "ko", "KO ", "Koe", "Küng", "Kyng", "Kueng", "Straße", "Strasse", "STRASE", "Åsa", "Asa"),
    *("Aasa", "é", "e", "E  ", "a\tb", "a b", "ab", "œ", "oe", "ñ", "n", "ab\0", "", "x" * 43 + "ß"),
    *("x" * 43 + "ss", "x" * 44, "x" * 44 + " "),
]
COLLATIONS = [
    "latin1_swedish_ci",
    "latin1_german1_ci",
    "latin1_german2_ci",
    "latin1_danish_ci",
    "latin1_bin",
    "latin1_general_cs",
    "latin1_swedish_nopad_ci",
    "utf8mb3_general_ci",
    "utf8mb4_general_ci",
    "utf8mb4_unicode_ci",
    "utf8mb4_bin",
    "utf8mb4_danish_ci",
    "utf8mb4_unicode_nopad_ci",
    "utf8mb4_nopad_bin",
]


@pytest.mark.on("mariadb-community")
@pytest.mark.parametrize("collation", COLLATIONS)
async def test_in_every_collation(make_app: MakeApp, collation: str) -> None:
    letters = collation.partition("_")[0]
    starbeam = (await make_app("ispyb")).starbeam
    schema, who = await starbeam.database.ready(), Principal(1, "ann", frozenset())
    login = msgspec.structs.replace(
        schema.tables["person"]["login"], character_set=letters, collation=collation
    )
    scope = replace(
        await starbeam.scopes.of(who), schema=replace(schema, tables={"person": {"login": login}})
    )
    connection = ReadConnection(starbeam.database)
    reader = Reader(connection, scope, who, datetime(2026, 3, 10), Options())
    keys = await keys_of(reader, {Person.login: TEXTS})
    names = {f"t{place}": value for place, value in enumerate(TEXTS)}
    equal = "CONVERT(:{0} USING {2}) COLLATE {3} = CONVERT(:{1} USING {2}) COLLATE {3}"
    pairs = list(combinations(names, 2))
    query = text("SELECT " + ", ".join(equal.format(*pair, letters, collation) for pair in pairs))
    (right,) = await connection.fetch(query, names)
    found = [keys.of(Person.login, names[one]) == keys.of(Person.login, names[other]) for one, other in pairs]
    assert found == [bool(one) for one in right]
    await connection.close()
