"""Volumes: the rows of each table in the last three whole months, against the same months a year before.

Both are counted as they were known at the time: rows of the year before that arrived late, after the same day of that
year, do not count, so that a table which is always late is not taken for one that has stopped. Codes of a stay count
in the month of its admission; a practice's table also by practice, a row where its person was registered on that day.

A table stands out where its rows differ by more than the limit, and by more than chance makes of the most extreme of
all compared (0.05 shared among them); or where it has stopped: a month without any row. Rows of one person come
together (one who is dialysed has a stay every other day), so the chance is that of drawing other people: the standard
error of the logarithm of a ratio is sqrt(sum(n^2) / sum(n)^2 then, and the same now, added), n the rows of each person.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from statistics import NormalDist
from typing import Literal

import ibis
import ibis.expr.types as ir

from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.spec_tables import MonitoringSpec
from vi_risk.records.linked import Records, event_date
from vi_risk.records.tables import TABLES
from vi_risk.records.volume import month_after, possible

Stands = Literal["as before", "fewer", "more", "stopped", "new"]
_MONTHS = 3
_BY_CHANCE = 0.05
_REGULAR = 20  # people in a month of the year before: with fewer, one without any is no sign
_WHOLE = ""
_NO_FEED = ("mdt_reviews", "objections", "registrations")  # the trust's own work, choices, and who belongs where
_Key = tuple[str, str]  # table, practice or the whole trust


@dataclass(frozen=True, slots=True)
class Volume:
    """What came of one table, from everywhere or one practice, in three months and in the same of the year before.

    Attributes
    ----------
    months
        First day of each month -> rows now and rows a year before, as they may be told.
    """

    table: str
    practice: str | None
    rows_then: int | None
    rows_now: int | None
    people_then: int | None
    people_now: int | None
    months: Mapping[date, tuple[int | None, int | None]]
    stands: Stands

    @property
    def ratio(self) -> float | None:
        """Rows now over rows then, as they are told."""
        return self.rows_now / self.rows_then if self.rows_now is not None and self.rows_then else None

    @property
    def stands_out(self) -> bool:
        """Whether somebody has to look."""
        return self.stands not in ("as before", "new")


@dataclass(slots=True)
class _Counted:
    """Rows and people of a table in three months, the sum of the squares of each person's rows, and months -> both."""

    rows: int = 0
    people: int = 0
    squares: int = 0
    months: dict[date, tuple[int, int]] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """The standard error of the logarithm of the rows, squared."""
        return self.squares / self.rows**2 if self.rows else math.inf


def volumes_of(
    records: Records, *, today: date, limits: MonitoringSpec, rule: Disclosure, without: Collection[str] = ()
) -> tuple[Volume, ...]:
    """Return the volumes of all tables, those that stand out first.

    Parameters
    ----------
    without
        Practices that cannot be compared with the year before.
    """
    year_before = _year_before(today)
    now, then = _counts(records, today), _counts(records, year_before)
    begun = {name: day for name in records.tables if (day := records.seen_from(name)) is not None}
    asked = [
        key
        for key in sorted({*now, *then})
        if key[1] not in without and begun.get(key[0], date.min) <= month_after(year_before, -_MONTHS)
    ]
    z = NormalDist().inv_cdf(1 - _BY_CHANCE / (2 * max(1, len(asked))))
    found = [
        _volume(
            key,
            then.get(key, _Counted()),
            now.get(key, _Counted()),
            today=today,
            z=z,
            limits=limits,
            rule=rule,
        )
        for key in asked
    ]
    return tuple(sorted(found, key=lambda one: (not one.stands_out, one.table, one.practice or "")))


def has_rows(records: Records, name: str) -> bool:
    """Return whether a table that is watched is there and holds anything; True of one that nobody watches."""
    if name in _NO_FEED:
        return True
    return name in records.tables and int(records.tables[name].limit(1).count().to_pyarrow().as_py()) > 0


def _year_before(day: date) -> date:
    return date(day.year - 1, day.month, min(day.day, 28) if day.month == 2 else day.day)


def _months(day: date) -> list[date]:
    """Return the first days of the three whole months before a day."""
    return [month_after(day, number - _MONTHS) for number in range(_MONTHS)]


def _counts(records: Records, day: date) -> dict[_Key, _Counted]:
    """Return what came of each table and practice in the months before a day, as it was known then."""
    known = records.as_of(day).tables
    first, end = _months(day)[0], month_after(day, 0)
    found: dict[_Key, _Counted] = {}
    for name in known:
        rows = _dated(known, name)
        if rows is None:
            continue
        rows = rows.filter(possible(rows.day), rows.day >= first, rows.day < end)
        for part in (rows.mutate(practice=ibis.literal(_WHOLE)), *_by_practice(known, name, rows)):
            of_person = part.group_by("practice", "patient_id", month=part.day.truncate("M")).agg(rows=part.count())
            months = of_person.group_by("practice", "month").agg(
                rows=of_person.rows.sum(), people=of_person.patient_id.nunique()
            )
            for row in months.to_pyarrow().to_pylist():
                of = found.setdefault((name, row["practice"]), _Counted())
                of.months[row["month"]] = (row["rows"], row["people"])
            whole = of_person.group_by("practice", "patient_id").agg(rows=of_person.rows.sum())
            sums = whole.group_by("practice").agg(
                rows=whole.rows.sum(), people=whole.count(), squares=(whole.rows * whole.rows).sum()
            )
            for row in sums.to_pyarrow().to_pylist():
                of = found[(name, row["practice"])]
                of.rows, of.people, of.squares = row["rows"], row["people"], row["squares"]
    return found


def _dated(known: Mapping[str, ir.Table], name: str) -> ir.Table | None:
    """Return patient_id and day of the rows of a table; None where they have no day, or nobody watches them."""
    table, rows = TABLES[name], known[name]
    if name in _NO_FEED:
        return None
    if table.event is not None:
        return rows.select("patient_id", day=event_date(rows, table.event))
    if table.known_from == "spells.discharged_on" and "spells" in known:
        stays = known["spells"].select("spell_id", "patient_id", day="admitted_on")
        return rows.select("spell_id").join(stays, "spell_id").select("patient_id", "day")
    return None


def _by_practice(known: Mapping[str, ir.Table], name: str, rows: ir.Table) -> Iterator[ir.Table]:
    if TABLES[name].held_by != "practice" or "registrations" not in known:
        return
    periods = known["registrations"].select("patient_id", "practice_code", "registered_from", "registered_to")
    there = rows.join(periods, "patient_id")
    then = (there.registered_from <= there.day) & (there.registered_to.isnull() | (there.day < there.registered_to))
    yield there.filter(then, there.practice_code.notnull()).select("patient_id", "day", practice="practice_code")


def _volume(
    key: _Key,
    then: _Counted,
    now: _Counted,
    *,
    today: date,
    z: float,
    limits: MonitoringSpec,
    rule: Disclosure,
) -> Volume:
    table, practice = key
    none = (0, 0)
    pairs = {
        month: (now.months.get(month, none), then.months.get(_year_before(month), none)) for month in _months(today)
    }
    stands: Stands = "as before"
    if not then.rows:
        stands = "new" if now.rows else "as before"
    elif any(people_then >= _REGULAR and not rows_now for (rows_now, _), (_, people_then) in pairs.values()):
        stands = "stopped"
    elif now.rows:
        ratio = now.rows / then.rows
        chance = math.exp(z * math.sqrt(now.error + then.error))
        if max(ratio, 1 / ratio) > max(limits.volume_ratio, chance):
            stands = "more" if ratio > 1 else "fewer"
    return Volume(
        table=table,
        practice=practice or None,
        rows_then=rule.count(then.rows),
        rows_now=rule.count(now.rows),
        people_then=rule.count(then.people),
        people_now=rule.count(now.people),
        months={month: (rule.count(after[0]), rule.count(before[0])) for month, (after, before) in pairs.items()},
        stands=stands,
    )
