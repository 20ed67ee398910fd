"""Who is asked about at a replayed date: as a run of that day would have asked, and as it would with older records."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from vi_risk.cohort.index_dates import Role
from vi_risk.cohort.people import people_at_dates
from vi_risk.cohort.seen import practice_starts
from vi_risk.errors import InputError
from vi_risk.features.coverage import common_coverage
from vi_risk.models.answers import with_answers
from vi_risk.models.planning import Plan, dates_of_run, nobody_eligible, practices_of
from vi_risk.records.linked import Records
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.dates import DELAYS, months_later
from vi_risk.replaying.not_run import NotRun

if TYPE_CHECKING:
    import pandas as pd

Starts = tuple[tuple[str, date], ...]  # practice_code and the day from which its tables are seen

_COHORT = ("patient_id", "practice_code", "age", "sex", "in_hospital", "gp_seen_from", "index_date", "role", "age_band")
_ASKED = ["patient_id", "index_date", "gp_seen_from"]


@dataclass(frozen=True, slots=True)
class PeopleAt:
    """Who is asked about at one replayed date.

    Attributes
    ----------
    plan
        What a run of that day would have decided, from what had arrived by then: index dates, look-back.
    cohort
        File of its people at every date (`vi_risk.models.snapshots.Snapshots.cohort`), outcomes as known that day.
    delayed
        Months by which the records are late -> file of the people of a list made from what had arrived so much earlier.
    """

    day: date
    plan: Plan
    cohort: Path
    delayed: Mapping[int, Path]

    def asked(self) -> "pd.DataFrame":
        """Return whose features this date needs: patient_id, index_date, gp_seen_from, each row once.

        The people of the test date are not among them: a replayed list is held against what came after it.
        """
        import pandas as pd  # noqa: PLC0415 - loaded when used

        cohort = pd.read_parquet(self.cohort, columns=[*_ASKED, "role"])
        delayed = [pd.read_parquet(path, columns=_ASKED) for path in self.delayed.values()]
        rows = pd.concat([cohort.loc[cohort["role"] != "test", _ASKED], *delayed], ignore_index=True)
        return rows.drop_duplicates(["patient_id", "index_date"], ignore_index=True)


class Asking:
    """Asks who was there at every date of a replay, several dates in one query.

    Of most dates several lists ask, and to build and compile a query takes longer than to run it. What a list knows of
    a date is what had arrived by then, whoever asks later, but for the day from which a practice's tables are seen:
    that hangs on when the practice's own data were seen to begin, so dates are asked together where this is alike.
    """

    def __init__(self, records: Records, request: ReplayRequest) -> None:
        self.records, self.request, self.spec = records, request, request.listing_spec
        self._known: dict[date, Records] = {}
        self._starts: dict[date, Starts | None] = {}
        self._found: dict[tuple[Starts | None, date], pa.Table] = {}

    def known(self, day: date) -> Records:
        """Return what had arrived by a day; one object for each day, which counts its months once."""
        return self._known.setdefault(day, self.records.as_of(day))

    def plan(self, day: date) -> Plan:
        """Return what a run of a day would have decided before any feature, its words for readers left out.

        Raises
        ------
        InputError
            The day does not fit the records.
        """
        known, catalogue = self.known(day), self.request.catalogue
        first_day = known.seen_from("spells")
        if first_day is None:
            msg = f"cohort: no spell had arrived by {day}. Choose a later date."
            raise InputError(msg)
        index_dates = dates_of_run(known, self.spec, day, first_day)
        return Plan(
            index_dates=index_dates,
            windows=common_coverage(known, catalogue, [one for one, _ in index_dates.roles]).windows,
            flow=(),
            notes=(),
            data_to={},
            practices=practices_of(self.records),
            catalogue=catalogue,
        )

    def ask(self, days_of: Mapping[date, Collection[date]]) -> None:
        """Find the people of index dates, as lists of other dates know them: list date -> index dates."""
        together: dict[Starts | None, set[date]] = {}
        for day, index_dates in days_of.items():
            together.setdefault(self._starts_at(day), set()).update(index_dates)
        for starts, index_dates in together.items():
            seen = None if starts is None else dict(starts)
            min_age = self.spec.cohort.min_age
            for day, people in people_at_dates(self.records, sorted(index_dates), min_age=min_age, starts=seen):
                self._found[starts, day] = people

    def people(self, list_date: date, roles: Sequence[tuple[date, Role]]) -> "pd.DataFrame":
        """Return the people of index dates with their roles: the columns and rows of `CohortAt.people`, in order.

        Raises
        ------
        InputError
            Nobody is eligible at one of them.
        """
        starts, parts = self._starts_at(list_date), []
        for day, role in roles:
            found = self._found[starts, day]
            if not len(found):
                raise nobody_eligible(self.spec, role, day)
            of_role = found.append_column("role", pa.array([role] * len(found), pa.string()))
            parts.append(of_role.select(_COHORT))
        cohort: pd.DataFrame = pa.concat_tables(parts).to_pandas(date_as_object=True)
        return cohort

    def _starts_at(self, day: date) -> "Starts | None":
        if day not in self._starts:
            told = practice_starts(self.known(day)) if self.records.has("registrations") else None
            self._starts[day] = None if told is None else tuple(sorted(told.items()))
        return self._starts[day]


def people_at_each(
    records: Records, days: Sequence[date], request: ReplayRequest, folder: Path
) -> tuple[list[PeopleAt], list[NotRun]]:
    """Write who is asked about at each date into files of a folder, from what had arrived by then alone.

    Returns
    -------
    list of PeopleAt, list of NotRun
        The dates that can be run, and those that do not fit the records or at which nobody is eligible.
    """
    asking = Asking(records, request)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    plans, not_run = {}, []
    for day in days:
        try:
            plans[day] = asking.plan(day)
        except InputError as error:
            not_run.append(NotRun.of(day, error))
    asking.ask({day: [one for one, _ in plan.index_dates.roles] for day, plan in plans.items()})
    asking.ask({late: [late] for day in plans for late in older_dates(day).values()})
    people = []
    for day, plan in plans.items():
        try:
            people.append(_written(asking, plan, folder))
        except InputError as error:
            not_run.append(NotRun.of(day, error))
    return people, not_run


def _written(asking: Asking, plan: Plan, folder: Path) -> PeopleAt:
    spec, day = asking.spec, plan.index_dates.list_date
    cohort = asking.people(day, plan.index_dates.roles)
    answered = with_answers(asking.records, cohort, spec, known_by=day, catalogue=plan.catalogue, later=False)
    path = folder / f"{day}.parquet"
    answered.to_parquet(path, index=False)
    delayed = {}
    for months, late in older_dates(day).items():
        delayed[months] = folder / f"{day}-{months}.parquet"
        asking.people(late, [(late, "list")]).to_parquet(delayed[months], index=False)
    return PeopleAt(day, plan, path, delayed)


def older_dates(day: date) -> dict[int, date]:
    """Return months by which records are late -> the day up to which they are known then."""
    return {months: months_later(day, -months) for months in DELAYS}
