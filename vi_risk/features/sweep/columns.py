"""Features from what a sweep gathered: the last step of each measure, in the words and the order of the queries.

Sums are of whole numbers, so they do not depend on the order of rows; what is divided is divided in the order in which
the portable queries do it, so that both give the same value to the last bit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vi_risk.features.catalogue import Catalogue
from vi_risk.features.definition import Definition, Feature
from vi_risk.features.matching import chosen_by
from vi_risk.features.parts import DAYS_IN_YEAR, LEAST_DAYS_OF_A_SLOPE, UNITS, kind_of
from vi_risk.features.seen import Values
from vi_risk.features.sweep import kernels
from vi_risk.features.sweep.plan import Gather, Plan


@dataclass(frozen=True)
class Gathered:
    """What was gathered of a source: a row per column of the plan, in it a value per person and index date."""

    columns: kernels.Int64
    things: kernels.Int32
    places: kernels.UInt16


Finish = Callable[[Gathered], Values]
"""The last step of a feature; NaN where it is missing."""

_NO_LAST_STEP = "measure {}: has no last step in the sweep"


def finish_of(plan: Plan, catalogue: Catalogue, feature: Feature, window: int) -> Finish:
    """Ask the plan for what a feature is made of, and return how it is made of it."""
    definition = feature.definition
    match kind_of(definition):
        case "things":
            column = plan.counted(definition, window)
            return lambda found: found.things[column].astype(np.float64)
        case "groups":
            return _of_groups(plan, catalogue, feature, window)
        case "days":
            return _of_days(plan, definition, window)
        case _:
            return _of_rows(plan, definition, window)


def _of_rows(plan: Plan, definition: Definition, window: int) -> Finish:
    reader = plan.reader(definition)
    match definition.measure:
        case "count" | "any":
            whole = plan.gathered(reader, Gather.COUNT, window)
            return lambda found: found.columns[whole].astype(np.float64)
        case "days_since_last":
            last = plan.gathered(reader, Gather.LAST, window)
            return lambda found: _where(found.columns[last] != kernels.NEVER, found.columns[last])
        case "days_since_first":
            first = plan.gathered(reader, Gather.FIRST, window)
            return lambda found: _where(found.columns[first] >= 0, found.columns[first])
        case "share":
            whole = plan.gathered(reader, Gather.COUNT, window)
            part = plan.gathered(plan.reader(definition, part_only=True), Gather.COUNT, window)
            return lambda found: _ratio(found.columns[part].astype(np.float64), found.columns[whole])
        case "bed_days" | "registered_days":
            inside = plan.gathered(reader, Gather.INSIDE, window)
            return lambda found: np.minimum(found.columns[inside], window).astype(np.float64)
        case "rise":
            recent = int(definition.recent or 1)
            whole = plan.gathered(reader, Gather.COUNT, window)
            if window <= recent:
                return lambda found: np.full(found.columns.shape[1], np.nan)
            lately = plan.gathered(reader, Gather.COUNT, recent)
            return lambda found: _ratio(
                found.columns[lately].astype(np.float64) * (window / recent), found.columns[whole]
            )
        case measure:  # pragma: no cover - a measure that is new and has no step yet
            raise AssertionError(_NO_LAST_STEP.format(measure))


def _of_groups(plan: Plan, catalogue: Catalogue, feature: Feature, window: int) -> Finish:
    definition = feature.definition
    if feature.group is not None:
        place = plan.place(definition, feature.group)
        return lambda found: (found.places[place] <= window).astype(np.float64)
    codelist = catalogue.codelists[chosen_by(definition)[0]]
    points = {entry.group: entry.points for entry in codelist.entries} if definition.measure == "points" else {}
    own = {group: plan.place(definition, group) for group in catalogue.groups_of(definition)}
    worth = {group: round(points.get(group, 1.0) * UNITS) for group in own}

    def finish(found: Gathered) -> Values:
        total = np.zeros(found.places.shape[1], np.int64)
        for group, place in own.items():
            counts = found.places[place] <= window
            by = codelist.replaced_by.get(group)
            if by in own:  # where both are there, the milder one does not count
                counts &= found.places[own[by]] > window
            total += counts * worth[group]
        return total.astype(np.float64) / UNITS

    return finish


def _of_days(plan: Plan, definition: Definition, window: int) -> Finish:
    reader = plan.reader(definition)
    match definition.measure:
        case "latest" | "latest_is":
            days = plan.gathered(reader, Gather.LATEST, plan.longest)
            is_part = definition.measure == "latest_is"
            return lambda found: _latest(found.columns[days : days + 3], window, is_part=is_part)
        case "maximum":
            most = plan.gathered(reader, Gather.MOST, window)
            return lambda found: _where(found.columns[most] != kernels.LEAST, found.columns[most]) / UNITS
        case "sum":
            total = plan.gathered(reader, Gather.TOTAL, window)
            return lambda found: found.columns[total].astype(np.float64) / UNITS
        case "mean":
            total, count = (plan.gathered(reader, gather, window) for gather in (Gather.TOTAL, Gather.COUNT))
            return lambda found: _ratio(found.columns[total].astype(np.float64), found.columns[count]) / UNITS
        case "slope":
            wanted = (Gather.COUNT, Gather.DAYS, Gather.TOTAL, Gather.DAYS_TOTAL, Gather.DAYS_SQUARED)
            sums = [plan.gathered(reader, gather, window) for gather in wanted]
            ends = [plan.gathered(reader, gather, window) for gather in (Gather.LAST, Gather.FIRST)]
            return lambda found: _slope(found.columns, sums, ends)
        case measure:  # pragma: no cover - a measure that is new and has no step yet
            raise AssertionError(_NO_LAST_STEP.format(measure))


def _where(there: kernels.Flags, numbers: kernels.Int64) -> Values:
    return np.where(there, numbers.astype(np.float64), np.nan)


def _ratio(part: Values, whole: kernels.Int64) -> Values:
    """Return part over whole, missing where the whole is nothing."""
    return part / _where(whole != 0, whole)


def _latest(columns: kernels.Int64, window: int, *, is_part: bool) -> Values:
    days, count, total = columns
    inside = days <= window
    if is_part:
        return _where(inside, (total > 0).astype(np.int64))
    mean: Values = total.astype(np.float64) / _where(inside, count)
    return mean / UNITS


def _slope(columns: kernels.Int64, sums: list[int], ends: list[int]) -> Values:
    """Return the change in a year of the least-squares line; time runs backwards in days."""
    count, days, total, days_total, days_squared = sums
    n, d, v, dd = (columns[column].astype(np.float64) for column in (count, days, total, days_squared))
    dv = columns[days_total].astype(np.float64) * kernels.LIMB + columns[days_total + 1].astype(np.float64)
    last, first = ends
    spread = n * dd - d * d
    spread[(spread == 0) | (columns[first] - columns[last] < LEAST_DAYS_OF_A_SLOPE)] = np.nan
    slope: Values = (n * dv - d * v) / spread
    return -slope * DAYS_IN_YEAR / UNITS
