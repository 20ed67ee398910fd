"""Reviews as exposure: from which day on, and for how much of its window, a review was at work on each person.

A review at which a team decided to act is taken to work from its day on, for a declared number of days. Against the
outcome window of a row, which opens on the index date and is over with the event, a death, a departure or its last
day, whichever comes first, it may lie in four ways:

    review            index date          end of the window
      |----at work------|===|...................|            at work when the window opens: day -1
                        |......|----at work-----|---|        begins in the window: day 0 to its last
                        |........event..|---at work          on or after the day that ended the window: no exposure
      |---at work--|    |.......................|            over before the window opens: no exposure

On the day of the event itself the event comes first, as it does before a death and a departure
(`vi_risk.cohort.outcomes.follow_up`). Somebody is reviewed late in a window only if nothing had ended it until then:
those exposed late have lived through the time before, and to compare them with those who were not is to give the
review that time as a gift (immortal time; Suissa 2008). What is made of exposure must therefore end a window at the
review, not drop or mark it as if it had been known when the window opened; each way of `vi_risk.models.reviewed` says
how far it does so.

References
----------
Suissa S (2008). Immortal time bias in pharmacoepidemiology. American Journal of Epidemiology 167:492-499.
doi:10.1093/aje/kwm324
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

AT_WORK_BEFORE = -1  # the day of a review that is at work when the window opens


def exposure_of(
    follow_up: "pd.DataFrame",
    reviews: "pd.DataFrame",
    *,
    horizon_days: int,
    effect_days: int,
    decisions: Collection[str],
) -> "pd.DataFrame":
    """Return from which day on, and for how much of the window, a review was at work on each row of a cohort.

    Parameters
    ----------
    follow_up
        One row per patient_id, index_date: followed_days, after which the window ended; missing where it is not over.
    reviews
        patient_id, reviewed_on and decision (`vi_risk.cohort.reviews.reviews_of`): those that are known, in any order.
        One without a day is none; one of which no decision was written counts, as nobody knows that nothing was done.
    effect_days
        How long a review is taken to work.
    decisions
        Those after which a team acts (`vi_risk.records.codes.MDT_DECISION`).

    Returns
    -------
    DataFrame
        review_day (days from the index date; -1 where a review was at work when the window opened; missing where none
        was at work before the window ended) and review_share (of the days of the whole horizon, 0 to 1, those on which
        the reviews held before the window ended are at work), in the order and with the index of `follow_up`. Both are
        missing where the window is not over.

    Examples
    --------
    >>> import pandas as pd
    >>> people = {"patient_id": ["p1", "p2"], "index_date": "2024-01-01", "followed_days": [365, 20]}
    >>> reviews = {"patient_id": ["p1", "p2"], "reviewed_on": "2024-01-31", "decision": "accepted"}
    >>> exposure_of(
    ...     pd.DataFrame(people), pd.DataFrame(reviews), horizon_days=365, effect_days=73, decisions=["accepted"]
    ... ).to_dict("list")
    {'review_day': [30.0, nan], 'review_share': [0.2, 0.0]}
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    acted = reviews[reviews["decision"].isna() | reviews["decision"].isin(list(decisions))]
    held = acted[["patient_id", "reviewed_on"]].dropna().drop_duplicates()
    held = held.assign(reviewed_on=pd.to_datetime(held["reviewed_on"]))
    followed = follow_up["followed_days"].to_numpy(dtype=float, na_value=np.nan)
    rows = pd.DataFrame(
        {
            "row": np.arange(len(follow_up)),
            "patient_id": follow_up["patient_id"].to_numpy(),
            "index_date": pd.to_datetime(follow_up["index_date"]).to_numpy(),
            "followed_days": followed,
        }
    )
    pairs = rows[rows["patient_id"].isin(held["patient_id"])].merge(held, on="patient_id")
    pairs["day"] = (pairs["reviewed_on"] - pairs["index_date"]).dt.days
    pairs = pairs[(pairs["day"] > -effect_days) & (pairs["day"] < pairs["followed_days"])].sort_values(["row", "day"])
    ends = (pairs["day"] + effect_days).clip(upper=horizon_days)
    # Days on which two reviews are at work count once: the later begins where the earlier ends.
    begins = pairs["day"].clip(lower=ends.groupby(pairs["row"]).shift().fillna(0))
    at_work = (ends - begins).groupby(pairs["row"]).sum() / horizon_days
    first = pairs["day"].clip(lower=AT_WORK_BEFORE).groupby(pairs["row"]).min()
    over = ~np.isnan(followed)
    share = at_work.reindex(rows["row"], fill_value=0.0).to_numpy(dtype=float)
    return pd.DataFrame(
        {
            "review_day": first.reindex(rows["row"]).to_numpy(dtype=float),
            "review_share": np.where(over, share, np.nan),
        },
        index=follow_up.index,
    )
