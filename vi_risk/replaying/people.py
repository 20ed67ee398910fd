"""Who is asked about at a replayed date: as a run of that day would have asked, and as it would with older records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.people import cohort_at_each, cohort_frame
from vi_risk.models.planning import Plan, plan_people
from vi_risk.models.spec import ModelSpec
from vi_risk.records.linked import Records
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.dates import DELAYS, days_of_months

if TYPE_CHECKING:
    import pandas as pd

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


def people_at(records: Records, day: date, request: ReplayRequest, folder: Path) -> PeopleAt:
    """Write who is asked about at a date into files of a folder, from what had arrived by then alone.

    Raises
    ------
    InputError
        The date does not fit the records, or nobody is eligible.
    """
    spec = request.listing_spec
    plan, cohort = plan_people(records, spec, index_date=day, catalogue=request.catalogue)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{day}.parquet"
    cohort.to_parquet(path, index=False)
    delayed = {}
    for months in DELAYS:
        rows = _eligible(records, day - timedelta(days=days_of_months(months)), spec)
        delayed[months] = folder / f"{day}-{months}.parquet"
        rows.to_parquet(delayed[months], index=False)
    return PeopleAt(day, plan, path, delayed)


def _eligible(records: Records, day: date, spec: ModelSpec) -> "pd.DataFrame":
    """Return who would be eligible for a list at a day, from what had arrived by then."""
    *_, at_list = cohort_at_each(records.as_of(day), IndexDates(day, test=day, train=()), min_age=spec.cohort.min_age)
    return cohort_frame([at_list])
