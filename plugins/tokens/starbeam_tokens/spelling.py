"""How tokens are written: `sbm_` and an id, a secret of 256 random bits, and six letters that check the rest.

The prefix lets programs that look for secrets find leaks; the letters let garbage be refused unseen. There is
no dot in it: it is never mistaken for a JSON web token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib

MACHINE, PERSON, REFRESH = "sbm_", "sbp_", "sbr_"
PREFIXES = (MACHINE, PERSON)
"""Of tokens that come with requests."""
_ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look like others."""
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = 6
_TOKEN = re.compile(r"sb[mp]_([a-z0-9]{10})_[\w-]{43}[0-9A-Za-z]{6}", re.ASCII)


def new_id(length: int = 10) -> str:
    """A name that nobody has yet."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(length))


def new_token(prefix: str, token_id: str) -> str:
    """A token of this id."""
    return checked(f"{prefix}{token_id}_{secrets.token_urlsafe(32)}")


def id_of(token: str) -> str | None:
    """The id in a token, if it is written as one."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found and is_checked(token) else None


def digest(token: str) -> str:
    """What is kept of a token. Its secret is random: nothing slow is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def checked(text: str) -> str:
    """A text with the letters that check it."""
    number, letters = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_DIGITS))
        letters += _DIGITS[rest]
    return text + letters


def is_checked(text: str) -> bool:
    """Whether the last letters check the others."""
    return text == checked(text[:-_CHECK])
