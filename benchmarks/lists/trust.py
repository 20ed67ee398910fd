"""A synthetic trust whose people go to so many practices as there are to be lists.

The synthetic trust has a practice for 2,000 people, some three in four of them integrated. These are joined, or cut,
into as many as are asked for; the others stay as they are, and have no list.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from vi_risk.records.synthetic import write_trust

INDEX_DATE, PREVIOUS = date(2025, 1, 1), date(2024, 10, 1)
_PRACTICES_PER_NETWORK = 5


def write_trust_of(folder: Path, *, people: int, practices: int, seed: int) -> None:
    """Write the records of a trust with so many integrated practices, in networks of five."""
    write_trust(folder, patients=people, seed=seed)
    there = pd.read_parquet(folder / "practices.parquet")
    registrations = pd.read_parquet(folder / "registrations.parquet")
    codes = codes_of(registrations, there, practices=practices)
    outside = there[there["integrated_from"].isna()]
    joined = registrations.assign(code=codes).merge(there, on="practice_code", how="left")
    inside = joined[joined["integrated_from"].notna()].groupby("code")["integrated_from"].max()
    made = pd.DataFrame(
        {
            "practice_code": inside.index,
            "name": [f"Practice {number}" for number in range(1, len(inside) + 1)],
            "network": [f"Network {1 + number // _PRACTICES_PER_NETWORK:02d}" for number in range(len(inside))],
            # Of practices that joined on several days the last: nothing is told to be seen that was not.
            "integrated_from": inside.to_numpy(),
        }
    )
    registrations.assign(practice_code=codes).to_parquet(folder / "registrations.parquet", index=False)
    pd.concat([made, outside], ignore_index=True).to_parquet(folder / "practices.parquet", index=False)


def codes_of(registrations: pd.DataFrame, there: pd.DataFrame, *, practices: int) -> "pd.Series[str]":
    """Return the practice of each registration: one of so many for people of integrated practices, else its own.

    Parameters
    ----------
    registrations
        patient_id, practice_code.
    there
        The practices: practice_code, and integrated_from, missing where a practice is outside the trust.
    """
    integrated = there.dropna(subset="integrated_from").sort_values(["integrated_from", "practice_code"])
    parts = -(-practices // len(integrated))  # of each practice, where there are fewer than are asked for
    place = pd.Series(range(len(integrated)), index=integrated["practice_code"])
    own = registrations["practice_code"].map(place)
    number = pd.util.hash_array(registrations["patient_id"].to_numpy(object)) % np.uint64(parts)
    joined = (own * parts + number.astype(float)) * practices // (len(integrated) * parts)
    codes = joined.map(lambda place: f"L{int(place) + 1:03d}", na_action="ignore")
    return codes.where(own.notna(), registrations["practice_code"])
