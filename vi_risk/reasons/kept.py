"""What a record keeps at all: where nobody's holds such a thing, "none recorded" tells nothing of one person.

A practice whose system never sends reviews looks like a practice that reviews nobody. A feature that counts rows is
then zero for everyone, and a question about what is overdue would be asked of all of them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vi_risk.records.tables import Holder

# Of the people of a practice so many at least have something that it keeps. Medication reviews, reviews of long-term
# conditions and influenza vaccinations are found in a tenth of adults and more; single codes come along with people
# who were registered elsewhere.
LEAST_SHARE = 0.01


def unknown_where_not_kept(people: pd.DataFrame, everyone: pd.DataFrame, held_by: Mapping[str, Holder]) -> pd.DataFrame:
    """Return the people with "none" made missing where the record that would tell of one keeps no such thing.

    A practice keeps it where at least `LEAST_SHARE` of its people who can be seen have one; the trust, whose tables are
    the same for all, where anybody has. What was found stands.

    Parameters
    ----------
    people
        One row per person: practice_code, and features; one that is not there is passed over.
    everyone
        One row per person to choose from: practice_code and the features of `held_by`.
    held_by
        Feature, zero where no row was found -> who holds its rows.

    Returns
    -------
    DataFrame
        `people` as they were, with zero made NaN where it says nothing.
    """
    known: dict[str, pd.Series[float]] = {}
    for name, holder in held_by.items():
        if name not in people or name not in everyone:
            continue
        values = pd.to_numeric(everyone[name]).astype(float)
        have = (values > 0).astype(float).where(values.notna())
        if holder == "practice":
            share = have.groupby(_practices(everyone)).mean()
            is_kept = _practices(people).map(share).to_numpy(float) >= LEAST_SHARE
        else:
            is_kept = np.full(len(people), bool(have.max() > 0))
        known[name] = pd.to_numeric(people[name]).astype(float).where(is_kept | (people[name] > 0))
    return people.assign(**known)


def _practices(people: pd.DataFrame) -> "pd.Series[str]":
    """Return the practice of each person; those without one are one practice."""
    return people["practice_code"].astype(object).fillna("").astype(str)
