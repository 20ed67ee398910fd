"""What chance is usual for people of someone's age and sex: a chance beside nothing tells a team little."""

import pandas as pd

from vi_risk.caselists.lists import USUAL_COLUMNS
from vi_risk.caselists.wording import is_chance

FEWEST = 20  # people of an age band and sex: the median of fewer moves with each of them
_RANGE = ("risk_low", "risk_high")  # of the chance that a list is ranked by


def usual_chances(people: pd.DataFrame) -> pd.DataFrame:
    """Return the median of each chance, one row per age band and sex of `FEWEST` people or more.

    Everyone scored counts, whoever of them is listed or kept off: the median is that of all of such people.

    Parameters
    ----------
    people
        One row per scored person: age_band, sex, risk (0 to 1) and the chances of other outcomes.

    Examples
    --------
    >>> people = pd.DataFrame({"age_band": "75 to 79", "sex": ["female"] * 21 + ["male"], "risk": 0.1})
    >>> usual_chances(people).to_dict("records")
    [{'age_band': '75 to 79', 'sex': 'female', 'risk': 0.1}]
    """
    chances = ["risk", *(str(name) for name in people if is_chance(str(name)) and name not in _RANGE)]
    alike = people.astype({"age_band": object, "sex": object}).groupby(
        ["age_band", "sex"]
    )  # unknown ones are alike to nobody
    usual = alike[chances].median()[alike.size() >= FEWEST].reset_index()
    return usual[[*USUAL_COLUMNS, *chances[1:]]]
