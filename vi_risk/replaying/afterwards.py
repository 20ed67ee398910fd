"""What became of the people of a past list, by everything that is known now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vi_risk.cohort.censoring import censoring_weights
from vi_risk.cohort.outcomes import outcomes_of
from vi_risk.models.answers import follow_up_of, strata_of
from vi_risk.replaying.asked import ReplayRequest

if TYPE_CHECKING:
    import pandas as pd

    from vi_risk.records.linked import Records

_EVER = date(9999, 12, 31)  # whatever has arrived: the window itself says what had happened in it


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether the window after a date is over in the records.

    Attributes
    ----------
    ends
        The day after the last one on which the records are complete.
    """

    ends: date
    horizon_days: int

    @classmethod
    def of(cls, records: "Records", horizon_days: int) -> "Closing":
        """Return it of records, whose spells say how far they reach."""
        return cls((records.seen_to("spells") or date.min) + timedelta(days=1), horizon_days)

    def closed(self, day: date) -> bool:
        """Return whether the window that begins on a day is over.

        Examples
        --------
        >>> closing = Closing(date(2025, 1, 1), 365)
        >>> closing.closed(date(2024, 1, 2)), closing.closed(date(2024, 1, 3))
        (True, False)
        """
        return day + timedelta(days=self.horizon_days) <= self.ends


def afterwards(records: "Records", patients: Collection[str], day: date, request: ReplayRequest) -> "pd.DataFrame":
    """Return what happened to people in the window that begins on a day, by everything that has arrived since.

    Returns
    -------
    DataFrame
        One row per patient_id, the index: outcome (0 or 1) and weight, how many people one stands for, 0 where it is
        not known because the person left the area (`vi_risk.cohort.censoring`). Who had died before the day had no
        event.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    spec = request.spec
    rows = pd.DataFrame({"patient_id": [*patients], "index_date": day, "role": "list"})
    found = outcomes_of(records, rows, known_by=_EVER, **follow_up_of(spec, request.catalogue))
    strata = strata_of(spec)
    weight = censoring_weights(
        found.assign(**{name: rows[name] for name in strata}),
        horizon_days=spec.horizon_days,
        how=spec.censoring.left_area,
        by=strata,
    )
    return found[["outcome"]].assign(weight=weight).set_axis(rows["patient_id"].to_numpy())
