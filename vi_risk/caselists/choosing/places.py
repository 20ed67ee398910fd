"""Who gets a place: so many for each practice, network, team or the whole trust, and a floor for each practice."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.tie_band import TieBand, read_tie_band
from vi_risk.errors import SpecificationError, UsageError

Flags = np.ndarray[Any, np.dtype[np.bool_]]

SHARED_BY = ("practice", "network", "team", "trust")
_KEYS = ("by", "floor", "outside", "teams", "tie_band")
_WHOLE_TRUST = "trust"


@dataclass(frozen=True, slots=True)
class Places:
    """Who shares the places of one meeting.

    Attributes
    ----------
    by
        "practice": each practice has its own; "network", "team": the practices of one share them; "trust": all do.
    floor
        Places that each practice has whatever its risks, where places are shared.
    outside
        Codes of practices that are not part of the trust and have a list all the same.
    teams
        practice_code -> team, where teams share places.
    tie_band
        How many places next to the line are given by lot; none unless a site says so.

    Raises
    ------
    SpecificationError
        The rules contradict themselves; the message has one line for each fault.
    """

    by: str = "practice"
    floor: int = 0
    outside: tuple[str, ...] = ()
    teams: Mapping[str, str] = field(default_factory=dict)
    tie_band: TieBand = field(default_factory=TieBand)

    def __post_init__(self) -> None:
        if faults := _faults(self.by, self.floor, self.teams):
            raise SpecificationError.of([f"case list rules: {fault}" for fault in faults])

    def meetings(
        self, practices: Collection[str], known: Mapping[str, Mapping[str, str | None]]
    ) -> dict[str, tuple[str, str]]:
        """Return practice_code -> whose places it shares: ("network", its name), or ("practice", its own code).

        Parameters
        ----------
        known
            practice_code -> its name and network. A practice without a network shares places with nobody.

        Raises
        ------
        UsageError
            Places go by network and no practice has one, or by team and a practice has none.
        """
        if self.by == "trust":
            return dict.fromkeys(practices, ("trust", _WHOLE_TRUST))
        if self.by == "practice":
            return {code: ("practice", code) for code in practices}
        if self.by == "team":
            if without := sorted(set(practices) - set(self.teams)):
                msg = (
                    f"case list rules: places.teams: expected a team for every practice with a list, found none for"
                    f" {', '.join(without)}. Add them."
                )
                raise UsageError(msg)
            return {code: ("team", self.teams[code]) for code in practices}
        networks = {code: known.get(code, {}).get("network") for code in practices}
        if networks and not any(networks.values()):
            msg = (
                'case list rules: places.by: "network" needs the networks of practices, which these records do not'
                ' hold. Fill practices.network, or give places by "practice" or "team".'
            )
            raise UsageError(msg)
        return {code: ("network", name) if name else ("practice", code) for code, name in networks.items()}

    def overdrawn(
        self, eligible: Mapping[str, int], known: Mapping[str, Mapping[str, str | None]], *, capacity: int
    ) -> tuple[str, ...]:
        """Return the meetings whose floors alone take more places than there are, by name.

        Parameters
        ----------
        eligible
            practice_code -> people who may be listed.
        known
            As of `meetings`.
        """
        taken: Counter[str] = Counter()
        for code, (_, name) in self.meetings(eligible, known).items():
            taken[name] += min(self.floor, eligible[code])
        return tuple(sorted(name for name, places in taken.items() if places > capacity))

    def in_words(self, capacity: int, meeting: tuple[str, str]) -> str:
        """Return who shares how many places, as a reader of one list needs it.

        Of a floor no more is said than holds however many practices there are (`give_places`).
        """
        kind, name = meeting
        number = f"{capacity} place{'' if capacity == 1 else 's'}"
        by_lot = self.tie_band.in_words()
        if kind == "practice":
            return f"{number} for this practice{by_lot}"
        shared = "the practices of the trust" if kind == "trust" else f"the practices of the {kind} {name}"
        floor = f", the best {self.floor} of each first" if self.floor else ""
        return f"{number} shared by {shared}{floor}{by_lot}"


def give_places(
    practice: "pd.Series[Any]", meeting: "pd.Series[Any]", may: Flags, *, capacity: int, floor: int = 0
) -> Flags:
    """Return who has a place, of people who stand in order; of those kept off, who would have one if they were not.

    First the best `floor` of each practice, then whoever is next in the meeting until its places are given. Where the
    floors alone would take more than there are, they go in order as well: no meeting has more places than it has time.

    Parameters
    ----------
    practice, meeting
        Of each person, from first to last.
    may
        Whether the person may be listed. Who may not takes no place from anybody, and is asked about each alone: would
        there be one for this person if the others stayed kept off?

    Examples
    --------
    >>> practice = pd.Series(["A", "A", "A", "B"])
    >>> trust = pd.Series(["trust"] * 4)
    >>> give_places(practice, trust, np.array([True, True, True, True]), capacity=3, floor=1).tolist()
    [True, True, False, True]
    >>> give_places(practice, trust, np.array([False, True, True, True]), capacity=2).tolist()
    [True, True, True, False]
    """
    asked = pd.DataFrame({"practice": practice.to_numpy(), "meeting": meeting.to_numpy(), "may": may.astype(np.int64)})
    on_floor = pd.Series(held_by_floor(practice, may, floor))
    floors = asked["may"].where(on_floor, 0)
    others = asked["may"].where(~on_floor, 0)
    # The place of each in the queue of the meeting: those on a floor come first, the others after all of them.
    all_floors = floors.groupby(asked["meeting"]).transform("sum")
    place = _ahead(floors, asked["meeting"]).where(on_floor, all_floors + _ahead(others, asked["meeting"]))
    return (place < capacity).to_numpy(dtype=bool)


def held_by_floor(practice: "pd.Series[Any]", may: Flags, floor: int) -> Flags:
    """Return who is among the best `floor` of their practice, of people who stand in order."""
    counted = pd.DataFrame({"practice": practice.to_numpy(), "may": may.astype(np.int64)})
    return (_ahead(counted["may"], counted["practice"]) < floor).to_numpy(dtype=bool)


def _ahead(counted: "pd.Series[int]", group: "pd.Series[Any]") -> "pd.Series[int]":
    """Return how many of those counted stand ahead of each in the same group."""
    return counted.groupby(group).cumsum() - counted


def read_places(content: object) -> tuple[Places, list[str]]:
    """Return what a [places] table declares, and every fault of it; with faults, places by practice."""
    if not isinstance(content, dict):
        return Places(), [f"places: expected a [places] table, found {content!r}. Write [places] and its keys below."]
    faults = [
        f"places.{key}: is not a known key. Expected one of: {', '.join(_KEYS)}. Remove it or check its spelling."
        for key in content
        if key not in _KEYS
    ]
    by, floor = content.get("by", "practice"), content.get("floor", 0)
    outside, teams = content.get("outside", []), content.get("teams", {})
    tie_band, of_band = read_tie_band(content.get("tie_band", {}))
    faults += of_band
    if not isinstance(outside, list) or not all(isinstance(code, str) for code in outside):
        faults.append(f'places.outside: expected a list of practice codes such as ["M92001"], found {outside!r}.')
    if not isinstance(teams, dict) or not all(isinstance(team, str) and team.strip() for team in teams.values()):
        faults.append('places.teams: expected practice codes with their teams, such as M92001 = "east team".')
        teams = {"": ""}  # told once
    faults += _faults(by, floor, teams)
    return (Places(), faults) if faults else (Places(by, floor, tuple(outside), teams, tie_band), [])


def _faults(by: object, floor: object, teams: Mapping[str, str]) -> list[str]:
    faults = []
    if by not in SHARED_BY:
        faults.append(f"places.by: expected one of {', '.join(SHARED_BY)}, found {by!r}. Choose one of them.")
    if not isinstance(floor, int) or isinstance(floor, bool) or floor < 0:
        faults.append(f"places.floor: expected a whole number from 0, found {floor!r}. 0 is no floor.")
    elif floor and by == "practice":
        faults.append(
            f"places.floor: expected 0 where each practice has its own places, found {floor}."
            " Leave it out, or let practices share places: by network, team or trust."
        )
    if by == "team" and not teams:
        faults.append('places.teams: expected practice codes with their teams where by = "team", found none. Add them.')
    if teams and by in SHARED_BY and by != "team":
        faults.append(f'places.teams: has no effect with by = "{by}". Remove it, or write by = "team".')
    return faults
