"""Which result of a data collection is its best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from starbeam_processing.queries.results import Result
    from starbeam_processing.schemas import AutoProcScalingStatistics


class Rule(msgspec.Struct, frozen=True):
    """The best is the one of highest resolution that is so complete, in per cent, and whose outer shell
    correlates so well, a fraction; without a correlation completeness alone counts."""

    completeness: float = 90
    cc_half: float = 0.3

    def best(self, results: Iterable[Result]) -> Result | None:
        """The best of several, if any is good enough."""
        good = [
            (one.overall.resolutionLimitHigh, one)
            for one in results
            if one.overall and one.overall.resolutionLimitHigh and self._holds(one.overall, one.outerShell)
        ]
        return min(good, key=lambda found: found[0])[1] if good else None

    def _holds(self, overall: AutoProcScalingStatistics, outer: AutoProcScalingStatistics | None) -> bool:
        correlation = outer.ccHalf if outer else None
        complete = overall.completeness is not None and overall.completeness >= self.completeness
        return complete and (correlation is None or correlation >= self.cc_half)
