"""How sure a place on a list is: in how many refits of the model the same person would have it."""

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.order import Floats
from vi_risk.caselists.choosing.places import Flags, give_places
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.models.learning.calibration import Rows


def share_listed(
    ranked: pd.DataFrame,
    risks: pd.DataFrame,
    *,
    rules: CaseListRules,
    capacity: int | None = None,
) -> "pd.Series[float]":
    """Return by patient_id the share of refits by which each person would be listed, under the same rules.

    Who is kept off takes no place in any refit; of them it is the share in which a place would be theirs.

    Parameters
    ----------
    ranked
        From `vi_risk.caselists.ranking.ranked_people`.
    risks
        One row per patient_id, which is the index, of these people at least; one column for each refit.

    Examples
    --------
    >>> from vi_risk.caselists.choosing.rules import load_rules
    >>> three = {"patient_id": ["a", "b", "c"], "practice_code": "A", "meeting": "A", "kept_off": ["", "", "reviewed"]}
    >>> risks = pd.DataFrame([[0.9, 0.1], [0.5, 0.2], [0.3, 0.4]], index=["c", "a", "b"])
    >>> share_listed(pd.DataFrame(three), risks, rules=load_rules(), capacity=1).to_dict()
    {'a': 0.5, 'b': 0.5, 'c': 0.5}
    """
    practice, meeting = (pd.Series(pd.factorize(ranked[name])[0]) for name in ("practice_code", "meeting"))
    may = (ranked["kept_off"] == "").to_numpy()
    places = capacity or rules.capacity
    asked = ranked[[name for name in rules.order.columns if name in ranked]]
    by_refit = risks.loc[ranked["patient_id"]].to_numpy(dtype=float).T
    values = np.column_stack([rules.order.values(asked.assign(risk=of_refit)) for of_refit in by_refit])
    near = np.flatnonzero(_within_reach(values, practice.to_numpy(), may, places))
    inside = np.zeros(len(ranked))
    for value in values[near].T:
        order = near[np.argsort(-value, kind="stable")]
        inside[order] += give_places(
            practice.iloc[order], meeting.iloc[order], may[order], capacity=places, floor=rules.places.floor
        )
    return pd.Series(inside / risks.shape[1], index=ranked["patient_id"].to_numpy(), name="listed_in_refits")


def _within_reach(values: Floats, practice: Rows, may: Flags, places: int) -> Flags:
    """Return who can have a place in any refit: nobody behind so many of the own practice as a meeting has places.

    Whoever is ahead of such a person, and could take the place, is within reach as well, so that places given among
    these alone are those given among all; cost follows them, not everyone scored.

    Parameters
    ----------
    values
        What each person is ordered by in each refit, shape (people, refits).
    practice
        Number of the practice of each person.
    """
    values = np.where(np.isnan(values), -np.inf, values)  # they come last
    reach = np.zeros(len(values), dtype=bool)
    for rows in np.split(np.argsort(practice, kind="stable"), np.cumsum(np.bincount(practice))[:-1]):
        of_practice = values[rows]
        rivals = of_practice[may[rows]]
        last = len(rivals) - places
        cut = np.partition(rivals, last, axis=0)[last] if last > 0 else -np.inf
        reach[rows] = (of_practice >= cut).any(axis=1)
    return reach
