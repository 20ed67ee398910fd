"""A tie band: the places next to the capacity line given by lot, so that somebody alike is left to compare with.

Whoever is just above the line and whoever is just below it differ by less than the model can tell. Where a site
declares a band, the places next to the line are drawn among those on both sides of it. Whether one of them is reviewed
is then chance alone, and stays known: what became of those drawn and of those not drawn compares people who differ in
nothing else (docs/decisions/0020-retraining-when-the-list-works.md).

The lot is a number made of the seed, the date and the pseudonym: the same list made again has the same people on it, a
person's lot does not hang on who else is there, and nobody can draw until the answer pleases.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.arguments import is_whole
from vi_risk.errors import SpecificationError

Flags = np.ndarray[Any, np.dtype[np.bool_]]

BY_LOT = "place drawn by lot among equals at the line"
NOT_DRAWN = "not drawn: the last places went by lot among the people just above and just below the line"
IN_BAND, LOT_CHANCE = "in_tie_band", "lot_chance"  # columns of ranked people, where there is a band
LOT_COLUMNS = ("meeting", "practice_code", "rank", "patient_id", LOT_CHANCE, "drawn")  # of the record of a lot
_MOST = 10  # places: a band is to be small beside the capacity, and people in it alike
_KEYS = ("width", "seed")


@dataclass(frozen=True, slots=True)
class TieBand:
    """How many places next to the line are given by lot.

    Attributes
    ----------
    width
        So many places above the line, among those who have them and as many people below it; 0: none.
    seed
        Of the lot.

    Raises
    ------
    SpecificationError
        A number is none, or the band is wide.
    """

    width: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        if faults := _faults(self.width, self.seed):
            raise SpecificationError.of([f"case list rules: {fault}" for fault in faults])

    def in_words(self) -> str:
        """Return what is said of how places are given; "" without a band."""
        if not self.width:
            return ""
        last = "place" if self.width == 1 else f"{self.width} places"
        return f", the last {last} drawn by lot among those on both sides of the line"


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """What the lot came to, by person.

    Attributes
    ----------
    in_band
        Who was in the lot.
    drawn
        Of these, who has a place.
    chance
        Of these, how likely that was; NaN of the others.
    """

    in_band: Flags
    drawn: Flags
    chance: "np.ndarray[Any, np.dtype[np.float64]]"


def draw_at_the_line(people: pd.DataFrame, listed: Flags, may: Flags, held: Flags, *, band: TieBand) -> Lot:
    """Return who of those at the line of each meeting has a place by lot; as many as had one without it.

    In the lot of a meeting are the last `band.width` who have a place that no floor holds for them, and the first
    `band.width` who may be listed and have none. Where nobody is left without a place there is no line, and no lot.

    Parameters
    ----------
    people
        In order, from first to last: patient_id, index_date and meeting, whose places they share.
    listed, may, held
        Who has a place in order, who may have one at all, and whose place a floor holds.

    Examples
    --------
    >>> people = pd.DataFrame({"patient_id": ["a", "b", "c", "d"], "index_date": "2025-01-01", "meeting": "A"})
    >>> listed, may = np.array([True, True, False, False]), np.array([True, True, True, True])
    >>> lot = draw_at_the_line(people, listed, may, ~may, band=TieBand(1))
    >>> lot.in_band.tolist(), int(lot.drawn.sum()), lot.chance.tolist()
    ([False, True, True, False], 1, [nan, 0.5, 0.5, nan])
    """
    meeting = people["meeting"].to_numpy()
    above = _first(meeting[::-1], (listed & may & ~held)[::-1], band.width)[::-1]
    below = _first(meeting, may & ~listed, band.width)
    at_a_line = np.isin(meeting, meeting[below])
    above &= at_a_line
    in_band = above | below
    asked = pd.DataFrame(
        {
            "meeting": meeting[in_band],
            "had": above[in_band],
            "number": [
                _number(band.seed, day, patient)
                for day, patient in zip(
                    people.loc[in_band, "index_date"].astype(str), people.loc[in_band, "patient_id"], strict=True
                )
            ],
        }
    )
    of_meeting = asked.groupby("meeting")
    places = of_meeting["had"].transform("sum")
    drawn, chance = np.zeros(len(people), dtype=bool), np.full(len(people), np.nan)
    drawn[in_band] = (of_meeting["number"].rank(method="first") <= places).to_numpy()
    chance[in_band] = (places / of_meeting["had"].transform("size")).to_numpy()
    return Lot(in_band, drawn, chance)


def lot_of(ranked: pd.DataFrame) -> pd.DataFrame | None:
    """Return who was in a lot and who was drawn, of ranked people: `LOT_COLUMNS`, in order; None without a band.

    It is what a later comparison of those drawn with those not drawn begins from, and is for the team alone.
    """
    if IN_BAND not in ranked:
        return None
    rows = ranked[ranked[IN_BAND]].rename(columns={"listed": "drawn"})
    return rows.sort_values(["meeting", "practice_code", "rank"], ignore_index=True)[list(LOT_COLUMNS)]


def read_tie_band(content: object) -> tuple[TieBand, list[str]]:
    """Return what a [places.tie_band] table declares, and every fault of it; with faults, no band."""
    if not isinstance(content, dict):
        return TieBand(), [
            f"places.tie_band: expected a table, found {content!r}. Write [places.tie_band] and its keys."
        ]
    faults = [
        f"places.tie_band.{key}: is not a known key. Expected one of: {', '.join(_KEYS)}. Remove it or check its"
        " spelling."
        for key in content
        if key not in _KEYS
    ]
    width, seed = content.get("width", 0), content.get("seed", 1)
    faults += _faults(width, seed)
    return (TieBand(), faults) if faults else (TieBand(width, seed), [])


def _faults(width: object, seed: object) -> list[str]:
    faults = []
    if not is_whole(width) or not 0 <= width <= _MOST:
        faults.append(
            f"places.tie_band.width: expected a whole number from 0 to {_MOST}, found {width!r}. Write 2; 0 is none."
        )
    if not is_whole(seed) or seed < 0:
        faults.append(f"places.tie_band.seed: expected a whole number from 0, found {seed!r}. Any will do; keep it.")
    return faults


def _first(meeting: "np.ndarray[Any, Any]", asked: Flags, number: int) -> Flags:
    """Return the first so many of those asked about in each meeting."""
    counted = pd.Series(asked.astype(np.int64))
    ahead = counted.groupby(meeting).cumsum() - counted
    return asked & (ahead < number).to_numpy()


def _number(seed: int, day: str, patient_id: str) -> float:
    """Return the lot of a person, from 0 up to 1."""
    digest = hashlib.sha256(f"{seed}|{day}|{patient_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
