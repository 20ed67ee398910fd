"""The cohort: people alive, old enough and registered at an index date, as it was known then."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from vi_risk.cohort.events import KEYS, died_in_hospital
from vi_risk.cohort.index_dates import IndexDates, Role
from vi_risk.cohort.seen import ALWAYS, practice_starts, seen_since
from vi_risk.records.codes import SEX
from vi_risk.records.linked import Records, known_rows
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

# Where the records have no registrations, everyone belongs to this one list.
EVERYONE = "all"

_ASKED = pa.schema([("patient_id", pa.string()), ("index_date", pa.date32())])

# Rows of all of them are held at once: of 50,000 people less than 200 MB.
_DATES_AT_ONCE = 16

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
    """The cohort of one index date, or of all between two days, as expressions, not yet run.

    Attributes
    ----------
    index_date
        The date; of index events (`vi_risk.cohort.discharges`) the first and the last that there may be.
    people
        One row per patient_id, index_date: practice_code, age (whole years), sex, in_hospital (a stay open at the
        index date), gp_seen_from (date or null), role, age_band.
    steps
        The people left at each step of selection, by the name of the step in order; the last are those of `people`.
    """

    index_date: date | tuple[date, date]
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
        days = self.index_date if isinstance(self.index_date, tuple) else (self.index_date,)
        return {
            "index_date": " to ".join(day.isoformat() for day in days),
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
    """Return the people of all index dates in one data frame, in their order and by patient_id and index_date."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    frames: list[pd.DataFrame] = [
        cohort.people.order_by(KEYS).to_pyarrow().to_pandas(date_as_object=True) for cohort in cohorts
    ]
    return pd.concat(frames, ignore_index=True)


def people_at_dates(
    records: Records, days: Sequence[date], *, min_age: int, starts: Mapping[str, date] | None
) -> Iterator[tuple[date, pa.Table]]:
    """Yield the people of many index dates, earliest first: those of `cohort_at_each`, asked together.

    To build and compile a query of one date takes longer than to run it.

    Parameters
    ----------
    starts
        From `vi_risk.cohort.seen.practice_starts`, as known when the dates are asked about; None where the records
        have no registrations.

    Returns
    -------
    Iterator
        Of a date and the columns of `CohortAt.people` but role, by patient_id.
    """
    for first in range(0, len(days), _DATES_AT_ONCE):
        at_once = sorted(days)[first : first + _DATES_AT_ONCE]
        dates = ibis.memtable(pa.table({"index_date": pa.array(at_once, pa.date32())}))

        def known(name: str, dates: ir.Table = dates) -> ir.Table:
            rows = records.tables[name].cross_join(dates)
            return known_rows(rows, TABLES[name], rows.index_date)

        people, _ = selected(known, role="list", min_age=min_age, starts=starts)
        found = people.drop("role").order_by(["index_date", "patient_id"]).to_pyarrow()
        for day in at_once:
            yield day, found.filter(pc.equal(found["index_date"], pa.scalar(day, pa.date32())))


def _at(records: Records, day: date, role: Role, min_age: int, starts: Mapping[str, date] | None) -> CohortAt:
    known = records.as_of(day).tables
    people, steps = selected(
        lambda name: known[name].mutate(index_date=ibis.literal(day)), role=role, min_age=min_age, starts=starts
    )
    return CohortAt(day, role, people, {"in the records, born before": steps.pop("born before"), **steps})


def selected(
    known: Callable[[str], ir.Table], *, role: Role, min_age: int, starts: Mapping[str, date] | None
) -> tuple[ir.Table, dict[str, ir.Table]]:
    """Return the people who are asked about, and who is left at each step of the selection.

    Parameters
    ----------
    known
        Gives the rows of a table with their index_date, as they were known then: of patients one row per patient_id,
        index_date.
    starts
        From `vi_risk.cohort.seen.practice_starts`; None where the records have no registrations.
    """
    patients, spells = known("patients"), known("spells")
    born = patients.filter(patients.birth_month < patients.index_date)
    alive = born.filter(born.died_on.isnull()) if "died_on" in born.columns else born
    alive = alive.anti_join(died_in_hospital(spells), KEYS)
    months = alive.index_date.month() < alive.birth_month.month()
    age = alive.index_date.year() - alive.birth_month.year() - months.cast("int64")
    alive = alive.select(*KEYS, "sex", age=age.cast("int64"))
    if starts is not None:
        registered = alive.join(_registered(known("registrations"), starts), KEYS)
    else:
        registered = alive.mutate(practice_code=ibis.literal(EVERYONE), gp_seen_from=ibis.literal(ALWAYS))
    old_enough = registered.filter(registered.age >= min_age)
    open_stays = spells.filter(spells.discharged_on.isnull()).select(KEYS).distinct().mutate(in_hospital=True)
    rows = old_enough.left_join(open_stays, KEYS)
    rows = rows.select(
        *("patient_id", "practice_code", "age"),
        sex=ibis.cases(*((rows.sex == code, words) for code, words in SEX.items())),
        in_hospital=rows.in_hospital.fill_null(False),
        gp_seen_from=rows.gp_seen_from,
        index_date=rows.index_date,
        role=ibis.literal(role),
        age_band=ibis.cases(*((rows.age >= edge, age_band(edge)) for edge in reversed(_AGE_BANDS))),
    )
    steps = {"born before": born, "alive": alive, "registered": registered}
    if starts is None:
        del steps["registered"]
    return rows, {**steps, f"aged {min_age} or over": old_enough}


def gp_seen_at(records: Records, asked: "pd.DataFrame") -> "pd.DataFrame":
    """Return from when the practice tables of people are seen, at dates of one's own choice.

    Parameters
    ----------
    records
        As they were known at the latest of the dates.
    asked
        One row per patient_id, index_date.

    Returns
    -------
    DataFrame
        One row per patient_id, index_date, in the order of `asked`: gp_seen_from, null where the person was registered
        with no practice of the trust then. Where the records have no registrations, everyone is seen from the first.
    """
    if "registrations" not in records.tables:
        return asked.assign(gp_seen_from=ALWAYS)
    people = ibis.memtable(pa.Table.from_pandas(asked, schema=_ASKED, preserve_index=False))
    rows = people.join(records.tables["registrations"], "patient_id")
    periods = known_rows(rows, TABLES["registrations"], rows.index_date)
    found = _registered(periods, practice_starts(records)).select(*KEYS, "gp_seen_from")
    return asked.merge(found.to_pyarrow().to_pandas(date_as_object=True), on=[*KEYS], how="left")


def _registered(periods: ir.Table, starts: Mapping[str, date]) -> ir.Table:
    """Return KEYS, practice_code and gp_seen_from of people registered; the latest registration counts."""
    current = periods.filter(periods.registered_to.isnull())
    order = ibis.row_number().over(
        ibis.window(group_by=KEYS, order_by=[ibis.desc(current.registered_from), current.practice_code])
    )
    registered = current.mutate(order=order).filter(lambda t: t.order == 0).select(*KEYS, "practice_code")
    seen = seen_since(periods, starts)
    return registered.left_join(seen, [*KEYS, "practice_code"]).select(*registered.columns, "gp_seen_from")
