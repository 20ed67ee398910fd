"""Particulars of people at the date of a list: what stands beside their features, as it was known then.

Features are numbers for a model; these are the rows that a list goes by: contacts, reviews, who has gone, who objects.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from vi_risk.cohort.contacts import CONTACT_COLUMNS, contacts_of
from vi_risk.cohort.departures import DEPARTURE_COLUMNS, departures_of
from vi_risk.cohort.objections import OBJECTOR_COLUMNS, objectors_of
from vi_risk.cohort.reviews import REVIEW_COLUMNS, reviews_of
from vi_risk.errors import InputError
from vi_risk.records.linked import Records

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {
    "contacts": CONTACT_COLUMNS,
    "reviews": REVIEW_COLUMNS,
    "departures": DEPARTURE_COLUMNS,
    "objectors": OBJECTOR_COLUMNS,
}


def _nothing() -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - loaded when used

    return pd.DataFrame()


@dataclass(frozen=True, eq=False)
class Particulars:
    """What is known of people at the date of a list, apart from their features.

    Attributes
    ----------
    contacts
        Of everyone eligible, one row per contact in the 730 days before (`vi_risk.cohort.contacts`).
    reviews
        One row per person and meeting, the latest first (`vi_risk.cohort.reviews`).
    departures
        One row per person who was registered within 400 days and is not now (`vi_risk.cohort.departures`).
    objectors
        One row per person who objects to risk stratification (`vi_risk.cohort.objections`).
    pathways
        What happened in each setting around emergency admissions (`vi_risk.cohort.pathways`); empty where not
        asked for.

    Raises
    ------
    InputError
        A table has not the columns that it is to have, as after an update of the software.
    """

    contacts: "pd.DataFrame"
    reviews: "pd.DataFrame"
    departures: "pd.DataFrame"
    objectors: "pd.DataFrame"
    pathways: "pd.DataFrame" = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        for name, expected in _COLUMNS.items():
            found = tuple(getattr(self, name).columns)
            if found != expected:
                msg = (
                    f"{name}: expected the columns {', '.join(expected)}; found {', '.join(found) or 'none'}."
                    " Run `vi-risk features build` with the same --out again."
                )
                raise InputError(msg)


def particulars_of(known: Records, cohort_at_list: "pd.DataFrame", index_date: date) -> Particulars:
    """Return the particulars at the date of a list, without anything dated or recorded on or after it.

    Parameters
    ----------
    known
        The records; that they hold more than was known at the index date changes nothing.
    cohort_at_list
        One row per eligible person: patient_id, gp_seen_from.
    """
    return Particulars(
        contacts=contacts_of(known, cohort_at_list, index_date),
        reviews=reviews_of(known, index_date),
        departures=departures_of(known, index_date),
        objectors=objectors_of(known, index_date),
    )
