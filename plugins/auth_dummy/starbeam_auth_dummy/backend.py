"""Logs in whoever asks."""

from __future__ import annotations

from starbeam.api.auth import AuthBackend, Credentials, Identity


class DummyBackend(AuthBackend):
    """Believes every login, whatever the password."""

    test_only = True

    async def authenticate(self, credentials: Credentials) -> Identity | None:
        """The login that was sent."""
        return Identity(login=credentials.login) if credentials.login else None
