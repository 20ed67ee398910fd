"""How sure a place on a list is: in how many refits of the model the same person would have it."""

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.places import give_places
from vi_risk.caselists.choosing.rules import CaseListRules


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
    asked = ranked[[name for name in rules.order.columns if name in ranked]]
    inside = np.zeros(len(ranked))
    for of_refit in risks.loc[ranked["patient_id"]].to_numpy(dtype=float).T:
        order = np.argsort(-rules.order.values(asked.assign(risk=of_refit)), kind="stable")
        places = {"capacity": capacity or rules.capacity, "floor": rules.places.floor}
        inside[order] += give_places(practice.iloc[order], meeting.iloc[order], may[order], **places)
    return pd.Series(inside / risks.shape[1], index=ranked["patient_id"].to_numpy(), name="listed_in_refits")
