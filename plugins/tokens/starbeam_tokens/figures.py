"""What `/metrics` tells of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

SCRIPT, PERSON, UNKNOWN = "(script)", "(person)", "(unknown)"
"""Stand for all tokens of people's scripts, all that an issuer gave people, and what is no token, or none any
more. No machine's name has brackets."""


class Figures:
    """How often tokens come, and for how long one did not."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        """Without a registry nobody asks."""
        self._requests: Counter | None = None
        self._unused: Gauge | None = None
        if registry is not None:
            self._requests = Counter(
                "starbeam_token_requests",
                "Requests with tokens: taken, or refused. `token` is the name of a machine's.",
                ("token", "outcome"),
                registry=registry,
            )
            self._unused = Gauge(
                "starbeam_token_unused_seconds",
                "For how long that token of a machine was not used which has rested longest.",
                registry=registry,
                multiprocess_mode="livemax",
            )

    @property
    def counts(self) -> bool:
        """Whether anybody asks."""
        return self._requests is not None

    def note(self, token: str, outcome: str) -> None:
        """A token came."""
        if self._requests is not None:
            self._requests.labels(token, outcome).inc()

    def rested(self, seconds: float) -> None:
        """That which has rested longest did so for these seconds."""
        if self._unused is not None:
            self._unused.set(seconds)
