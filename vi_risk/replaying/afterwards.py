"""What became of the people of a past list, by everything that is known now."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vi_risk.cohort.censoring import censoring_weights
from vi_risk.cohort.exposed import exposure_of
from vi_risk.cohort.outcomes import outcomes_of
from vi_risk.cohort.reviews import reviews_of
from vi_risk.models.answers import follow_up_of, strata_of
from vi_risk.replaying.asked import ReplayRequest

if TYPE_CHECKING:
    import pandas as pd

    from vi_risk.models.spec import ModelSpec
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
        One row per patient_id, the index: outcome (0 or 1); weight, how many people one stands for, 0 where it is not
        known because the person left the area (`vi_risk.cohort.censoring`); and reviewed, whether a review was at work
        in the window. Who had died before the day had no event. Where the spec treats reviews as exposure, its model
        tells the risk without one, and the windows of those reviewed cannot show it: their weight is 0, as in the test
        of a run (`vi_risk.models.reviewed.windows`; under "weight" nobody stands for them here). Under "ignore"
        nobody is taken for reviewed.
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
    reviewed = _reviewed(records, rows.assign(followed_days=found["followed_days"]), spec)
    told = found[["outcome"]].assign(weight=weight.where(~reviewed, 0.0), reviewed=reviewed)
    return told.set_axis(rows["patient_id"].to_numpy())


def _reviewed(records: "Records", follow_up: "pd.DataFrame", spec: "ModelSpec") -> "pd.Series[bool]":
    """Return of which windows the spec says that a review was at work, by everything that has arrived since."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    if spec.reviews.treated_as == "ignore" or not records.has("mdt_reviews"):
        return pd.Series(data=False, index=follow_up.index)
    exposure = exposure_of(
        follow_up,
        reviews_of(records, _EVER),
        horizon_days=spec.horizon_days,
        effect_days=spec.reviews.effect_days,
        decisions=spec.reviews.decisions,
    )
    return exposure["review_day"].notna()
