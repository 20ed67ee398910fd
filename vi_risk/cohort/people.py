"""The cohort: people alive, old enough and registered at an index date, as it was known then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.index_dates import IndexDates, Role
from vi_risk.cohort.seen import ALWAYS, practice_starts, seen_since
from vi_risk.records.codes import DIED, SEX
from vi_risk.records.linked import Records, known_rows
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

# Where the records have no registrations, everyone belongs to this one list.
EVERYONE = "all"

_AGE_BANDS = (0, 5, 16, 25, 35, 45, 55, 65, 70, 75, 80, 85, 90)


def age_band(age: int) -> str:
    """Return the band of an age in whole years.

    Examples
    --------
    >>> age_band(79), age_band(90), age_band(3)
    ('75-79', '90+', '0-4')
    """
    start = max(edge for edge in _AGE_BANDS if edge <= age)
    later = [edge for edge in _AGE_BANDS if edge > age]
    return f"{start}-{later[0] - 1}" if later else f"{start}+"


@dataclass(frozen=True)
class CohortAt:
    """The cohort of one index date as expressions, not yet run.

    Attributes
    ----------
    people
        One row per patient_id, index_date: practice_code, age (whole years), sex, in_hospital (a stay open at the
        index date), gp_seen_from (date or null), role, age_band.
    steps
        The people left at each step of selection, by the name of the step in order; the last are those of `people`.
    """

    index_date: date
    role: Role
    people: ir.Table
    steps: Mapping[str, ir.Table]

    def flow(self) -> dict[str, object]:
        """Return index_date, role, and the number of people at each step in order."""
        number = "people"  # of all steps in one query
        counts = [
            step.agg(**{number: step.count()}).mutate(step=ibis.literal(name)) for name, step in self.steps.items()
        ]
        first, *others = counts
        found = ibis.union(first, *others).to_pyarrow().to_pylist()
        people = {row["step"]: int(row[number]) for row in found}
        return {
            "index_date": self.index_date.isoformat(),
            "role": self.role,
            **{name: people[name] for name in self.steps},
        }


def cohort_at_each(records: Records, index_dates: IndexDates, *, min_age: int) -> list[CohortAt]:
    """Return the cohort of each index date, earliest first."""
    starts = practice_starts(records) if "registrations" in records.tables else None
    return [_at(records, day, role, min_age, starts) for day, role in index_dates.roles]


def select_cohort(
    records: Records, index_dates: IndexDates, *, min_age: int
) -> tuple["pd.DataFrame", list[dict[str, object]]]:
    """Return who is asked about at each index date, and how many were left out at each step.

    Returns
    -------
    cohort
        The columns of `CohortAt.people`, one row per patient_id, index_date, sorted by index_date and patient_id.
    flow
        One dict per index date: index_date, role, and the number of people at each step in order.
    """
    cohorts = cohort_at_each(records, index_dates, min_age=min_age)
    return cohort_frame(cohorts), [cohort.flow() for cohort in cohorts]


def cohort_frame(cohorts: Iterable[CohortAt]) -> "pd.DataFrame":
    """Return the people of all index dates in one data frame, in their order and by patient_id."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    frames: list[pd.DataFrame] = [
        cohort.people.order_by("patient_id").to_pyarrow().to_pandas(date_as_object=True) for cohort in cohorts
    ]
    return pd.concat(frames, ignore_index=True)


def _at(records: Records, day: date, role: Role, min_age: int, starts: Mapping[str, date] | None) -> CohortAt:
    moment = ibis.literal(day)
    known = records.as_of(day).tables
    people = known["patients"]
    born = people.filter(people.birth_month < moment)
    alive = born.filter(born.died_on.isnull()) if "died_on" in born.columns else born
    alive = alive.anti_join(_died_in_hospital(known["spells"]), "patient_id")
    age = moment.year() - alive.birth_month.year() - (moment.month() < alive.birth_month.month()).cast("int64")
    alive = alive.select("patient_id", "sex", age=age.cast("int64"))
    if starts is not None:
        registered = alive.join(_registered(records, day, starts), "patient_id")
    else:
        registered = alive.mutate(practice_code=ibis.literal(EVERYONE), gp_seen_from=ibis.literal(ALWAYS))
    old_enough = registered.filter(registered.age >= min_age)
    stays = known["spells"]
    open_stays = stays.filter(stays.discharged_on.isnull()).select("patient_id").distinct().mutate(in_hospital=True)
    rows = old_enough.left_join(open_stays, "patient_id")
    rows = rows.select(
        *("patient_id", "practice_code", "age"),
        sex=ibis.cases(*((rows.sex == code, words) for code, words in SEX.items())),
        in_hospital=rows.in_hospital.fill_null(False),
        gp_seen_from=rows.gp_seen_from,
        index_date=moment,
        role=ibis.literal(role),
        age_band=ibis.cases(*((rows.age >= edge, age_band(edge)) for edge in reversed(_AGE_BANDS))),
    )
    steps = {"in the records, born before": born, "alive": alive, "registered": registered}
    if starts is None:
        del steps["registered"]
    return CohortAt(day, role, rows, {**steps, f"aged {min_age} or over": old_enough})


def _died_in_hospital(spells: ir.Table) -> ir.Table:
    """Return the people whom a discharge says to have died, whether or not `patients` knows it."""
    died = spells.discharge_method == DIED if "discharge_method" in spells.columns else ibis.literal(False)
    return spells.filter(died.fill_null(False)).select("patient_id").distinct()


def _registered(records: Records, day: date, starts: Mapping[str, date]) -> ir.Table:
    """Return patient_id, practice_code and gp_seen_from of people registered; the latest registration counts."""
    rows = known_rows(records.tables["registrations"], TABLES["registrations"], ibis.literal(day))
    current = rows.filter(rows.registered_to.isnull())
    order = ibis.row_number().over(
        ibis.window(group_by="patient_id", order_by=[ibis.desc(current.registered_from), current.practice_code])
    )
    registered = current.mutate(order=order).filter(lambda t: t.order == 0).select("patient_id", "practice_code")
    joined_by_then = {code: start for code, start in starts.items() if start < day}
    seen = seen_since(rows, joined_by_then)
    return registered.left_join(seen, ["patient_id", "practice_code"]).select(*registered.columns, "gp_seen_from")
