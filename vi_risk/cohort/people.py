"""The cohort: people alive, old enough and registered at an index date, as it was known then."""

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.records.codes import DIED, SEX
from vi_risk.records.linked import Records, known_rows
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    import pandas as pd

# Where the records have no registrations, everyone belongs to this one list.
EVERYONE = "all"

# Where no practice says when it joined, practice tables are seen from the beginning.
_ALWAYS = date(1900, 1, 1)

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


def select_cohort(
    records: Records, index_dates: IndexDates, *, min_age: int
) -> tuple["pd.DataFrame", list[dict[str, object]]]:
    """Return who is asked about at each index date, and how many were left out at each step.

    Returns
    -------
    cohort
        One row per patient_id, index_date, sorted by index_date and patient_id: role, practice_code, age (whole years),
        age_band, sex, in_hospital (a stay open at the index date), gp_seen_from (date or None).
    flow
        One dict per index date: index_date, role, and the number of people at each step in order.
    """
    frames, flow = [], []
    for day, role in index_dates.roles:
        people, steps = _at(records, day, min_age)
        flow.append({"index_date": day.isoformat(), "role": role, **steps})
        frames.append(people.assign(role=role))
    import pandas as pd  # noqa: PLC0415 - loaded when used

    cohort = pd.concat(frames, ignore_index=True)
    ages = {age: age_band(age) for age in cohort["age"].unique()}
    cohort["age_band"] = cohort["age"].map(ages)
    cohort["sex"] = cohort["sex"].map(SEX)
    return cohort.sort_values(["index_date", "patient_id"], ignore_index=True), flow


def _at(records: Records, day: date, min_age: int) -> tuple["pd.DataFrame", dict[str, int]]:
    moment = ibis.literal(day)
    known = records.as_of(day).tables
    people = known["patients"]
    born = people.filter(people.birth_month < moment)
    alive = born.filter(born.died_on.isnull()) if "died_on" in born.columns else born
    alive = alive.anti_join(_died_in_hospital(known["spells"]), "patient_id")
    age = moment.year() - alive.birth_month.year() - (moment.month() < alive.birth_month.month()).cast("int64")
    alive = alive.select("patient_id", "sex", age=age)
    if "registrations" in known:
        registered = alive.join(_registered(records, day), "patient_id")
    else:
        registered = alive.mutate(practice_code=ibis.literal(EVERYONE))
    old_enough = registered.filter(registered.age >= min_age)
    stays = known["spells"]
    open_stays = stays.filter(stays.discharged_on.isnull()).select("patient_id").distinct().mutate(in_hospital=True)
    rows = old_enough.left_join(open_stays, "patient_id")
    rows = rows.select("patient_id", "practice_code", "age", "sex", in_hospital=rows.in_hospital.fill_null(False))
    rows = _with_gp_coverage(rows, known.get("practices"))
    steps = {
        "in the records, born before": int(born.count().to_pyarrow().as_py()),
        "alive": int(alive.count().to_pyarrow().as_py()),
        "registered": int(registered.count().to_pyarrow().as_py()),
        f"aged {min_age} or over": int(old_enough.count().to_pyarrow().as_py()),
    }
    if "registrations" not in known:
        del steps["registered"]
    found = rows.order_by("patient_id").to_pyarrow().to_pandas(date_as_object=True)
    return found.assign(index_date=day), steps


def _died_in_hospital(spells: ir.Table) -> ir.Table:
    """Return the people whom a discharge says to have died, whether or not `patients` knows it."""
    died = spells.discharge_method == DIED if "discharge_method" in spells.columns else ibis.literal(False)
    return spells.filter(died.fill_null(False)).select("patient_id").distinct()


def _registered(records: Records, day: date) -> ir.Table:
    """Return patient_id and practice_code of people registered at the date; the latest registration counts."""
    moment = ibis.literal(day)
    rows = known_rows(records.tables["registrations"], TABLES["registrations"], moment)
    current = rows.filter(rows.registered_to.isnull())
    order = ibis.row_number().over(
        ibis.window(group_by="patient_id", order_by=[ibis.desc(current.registered_from), current.practice_code])
    )
    return current.mutate(order=order).filter(lambda t: t.order == 0).select("patient_id", "practice_code")


def _with_gp_coverage(rows: ir.Table, practices: Any) -> ir.Table:
    """Add gp_seen_from: the day the practice joined the trust; from the beginning where the records do not say."""
    if practices is None or "integrated_from" not in practices.columns:
        return rows.mutate(gp_seen_from=ibis.literal(_ALWAYS))
    joined_on = practices.select("practice_code", gp_seen_from="integrated_from")
    return rows.left_join(joined_on, "practice_code").drop("practice_code_right")
