"""How long hypothesis tries: a little and always the same every day, at random and longer with
`make explore`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("EXPLORE_TIMES", "0"))
"""By how much longer; 0 is every day."""


def tried(examples: int) -> settings:
    """Settings of a test that tries so many examples every day."""
    return settings(
        max_examples=examples * max(TIMES, 1),
        deadline=None,
        derandomize=not TIMES,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
