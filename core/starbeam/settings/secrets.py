"""What is secret in the settings, how it is hidden, and whether the signing key is a good one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "********"
MIN_SECRET_BYTES = 32
MIN_DISTINCT = 8

_SECRET_NAME = re.compile(r"passw(?:or)?d|secret|token", re.IGNORECASE)
_PUBLIC_NAMES = frozenset({"token_lifetime", "trust_token_claims", "window_for_tokens"})
# The last @ ends the password: one that holds an @ of its own is hidden whole.
_URL_PASSWORD = re.compile(r"(://[^:/?#\s]*:).*@", re.DOTALL)
_SECRETS = (
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),  # a JSON web token, wherever it stands
    (
        re.compile(r"([?&][^=&\s]*(?:onetime|token|passw(?:or)?d|secret)[^=&\s]*=)[^&\s'\"]+", re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(://[^\s:/?#@]*:)\S*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(bearer\s+)[\w.~+/=-]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"sb[mpr]_[\w-]+"), HIDDEN),  # a token of a machine or a script, or one that renews a log-in
    (re.compile(r"[\w-]{100,}"), HIDDEN),  # a one-time token, for example among a statement's parameters
)
_SUSPICIOUS = re.compile(r"eyJ|[?&][^=&\s]*=|://|bearer|sb[mpr]_|[\w-]{100}", re.IGNORECASE)
_WELL_KNOWN = re.compile(
    r"secret|change.?(me|it|this)|replace.?(me|it|this)|12345678|password|default.?key|example"
    r"|your.?key|insecure|dummy|placeholder|01234567|abcdefgh|qwerty",
    re.IGNORECASE,
)
_HOW_TO = "Make one with: openssl rand -hex 32"


def is_secret(name: str) -> bool:
    """Tell whether the value of a setting of this name must never be shown."""
    return name not in _PUBLIC_NAMES and _SECRET_NAME.search(name) is not None


def mask_text(text: str) -> str:
    """Hide tokens and passwords, leaving the rest readable."""
    if _SUSPICIOUS.search(text):
        for pattern, replacement in _SECRETS:
            text = pattern.sub(replacement, text)
    return text


def mask_value(text: str) -> str:
    """Do the same for one setting: a URL with a password, which may hold blanks, is all that it says."""
    return mask_text(_URL_PASSWORD.sub(rf"\1{HIDDEN}@", text))


def hide(name: str, value: Any) -> Any:
    """Return `value` of the setting `name` with every secret in it replaced, tables and lists included.

    An empty secret stays empty: that it is not set is worth knowing. Names of plugins are no names of
    settings.
    """
    if name == "plugin" and isinstance(value, Mapping):
        return {plugin: hide_inside(section) for plugin, section in value.items()}
    return _blank(value) if is_secret(name) else hide_inside(value)


def hide_inside(value: Any) -> Any:
    """Return `value` with the secrets in its tables and the passwords in its URLs replaced."""
    if isinstance(value, Mapping):
        return {key: hide(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [hide_inside(item) for item in value]
    return mask_value(value) if isinstance(value, str) else value


def _blank(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _blank(item) for key, item in value.items()}
    return value if isinstance(value, bool) or value == "" else HIDDEN


def secret_problem(secret: str) -> str | None:
    """Return why a key must not sign tokens, as a sentence, or None when it is good."""
    if not secret.strip():
        return f"auth.secret_key is empty. {_HOW_TO}"
    if _WELL_KNOWN.search(secret):
        return f"auth.secret_key looks like an example, which anyone can guess. {_HOW_TO}"
    if len(secret.encode()) < MIN_SECRET_BYTES:
        return f"auth.secret_key is shorter than {MIN_SECRET_BYTES} bytes. {_HOW_TO}"
    if len(set(secret)) < MIN_DISTINCT:
        return f"auth.secret_key repeats a few characters, which is easy to guess. {_HOW_TO}"
    return None
