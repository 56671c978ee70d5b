"""Statistics of scalings by shell, in units that are the same at every site: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, case, func, or_, select, true
from sqlalchemy.orm import aliased

from starbeam.api.database import Rows, Scope, Shape, statement
from starbeam_ispyb.models import AutoProcScalingStatistics
from starbeam_processing import schemas
from starbeam_processing.rule import Rule

NEWEST = 600
"""How many rows tell what the site stores: three a scaling."""
_R_VALUES = ("rMeasAllIPlusIMinus", "rMerge", "rPimAllIPlusIMinus")
_CORRELATIONS = ("ccHalf", "ccAnomalous")

Shell = schemas.AutoProcScalingStatistics


def _anomalous_correlation(scope: Scope) -> ColumnElement[Any]:
    """Named `ccAno` in the community schema."""
    named = AutoProcScalingStatistics.ccAnomalous
    return scope.column(named if scope.has(named) else AutoProcScalingStatistics.ccAno)


STATISTICS = Shape(Shell, AutoProcScalingStatistics, ccAnomalous=_anomalous_correlation)
"""As the site stores them."""


def units() -> FromClause:
    """One row: what R values (`r`) and correlations (`cc`) are divided by to be fractions.

    It is 100 where the median of the newest inner shells is above 1: the site stores per cent."""
    one = aliased(AutoProcScalingStatistics)
    newest = (
        select(
            one.scalingStatisticsType.label("type"),
            one.rMeasAllIPlusIMinus.label("r"),
            one.ccHalf.label("cc"),
        )
        .order_by(one.autoProcScalingStatisticsId.desc())
        .limit(NEWEST)
        .subquery()
    )
    return select(
        _divisor(newest.c.type, newest.c.r).label("r"), _divisor(newest.c.type, newest.c.cc).label("cc")
    ).subquery("units")


def _divisor(type: Any, value: Any) -> ColumnElement[float]:
    inner = type == "innerShell"
    above = case((and_(inner, value > 1), 1.0), (and_(inner, value <= 1), 0.0))
    return case((func.avg(above) > 0.5, 100.0), else_=1.0)


def is_good(rule: Rule, completeness: Any, correlation: Any) -> ColumnElement[int]:
    """`Rule.best` in SQL: 1 or 0."""
    correlates = or_(correlation.is_(None), correlation >= rule.cc_half)
    return case((and_(completeness >= rule.completeness, correlates), 1), else_=0)


@statement
def _shells(scope: Scope) -> Select[Any]:
    one, unit = AutoProcScalingStatistics, units()
    wanted: Any = one.autoProcScalingId.in_(bindparam("scalings", expanding=True))
    rows = select(one.autoProcScalingId, unit.c.r, unit.c.cc, *STATISTICS.columns(scope))
    return rows.join(unit, true()).where(wanted).order_by(one.autoProcScalingStatisticsId)


async def shells(reader: Rows, scalings: Collection[int]) -> dict[int, dict[str, Shell]]:
    """The statistics of scalings that the caller sees, by `scalingStatisticsType`; R values and correlations
    as fractions. 1 statement."""
    found: dict[int, dict[str, Shell]] = defaultdict(dict)
    for key, r, cc, *values in await reader.rows(_shells(), scalings=list(scalings)):
        shell = as_fractions(STATISTICS.make(values), float(r), float(cc))
        if shell.scalingStatisticsType:
            found[key][shell.scalingStatisticsType] = shell
    return found


def as_fractions(shell: Shell, r: float, cc: float) -> Shell:
    """The same shell, with R values and correlations divided."""
    for names, divisor in ((_R_VALUES, r), (_CORRELATIONS, cc)):
        for name in names if divisor != 1 else ():
            if (value := getattr(shell, name)) is not None:
                setattr(shell, name, value / divisor)
    return shell
