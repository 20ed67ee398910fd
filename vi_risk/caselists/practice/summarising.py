"""Practice summaries made: each practice's figures beside the trust's, from the people frame of a list."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.practice.asked_of_people import (
    CARE_GAP,
    THREE_ADMISSIONS,
    THREE_CONDITIONS,
    asked_of,
    columns_read,
    days_looked_back,
    seen_for,
)
from vi_risk.caselists.practice.practice_summary import Compared, PracticeSummary, StandsOut
from vi_risk.caselists.practice.standing_out import LEAST_SEEN, Asked, standing_out
from vi_risk.errors import UsageError
from vi_risk.features.catalogue import Catalogue

__all__ = ["columns_read", "practice_summaries"]

_NEEDED = ("patient_id", "practice_code", "index_date", "age", "age_band", "sex", "gp_seen_from", "risk")
_OF_THOUSAND = 1000

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]


def practice_summaries(
    people: pd.DataFrame,
    *,
    rules: CaseListRules,
    catalogue: Catalogue,
    listed: pd.DataFrame,
    outcome: str,
    windows: Mapping[str, int | None],
    reviewed: Mapping[str, Mapping[str, int]] | None = None,
    expected: pd.DataFrame | None = None,
) -> dict[str, PracticeSummary]:
    """Return practice_code -> the practice in one view, of every practice that has eligible people.

    What comes from the GP record is told of people whose practice was seen as far back as the feature looks, and of a
    practice half or more of whose people were; of the others it is missing, never low. Of hospital care everyone is
    seen.

    Parameters
    ----------
    people
        One row per eligible person: patient_id, practice_code, index_date, age, age_band, sex, gp_seen_from (missing
        where the practice is not seen), risk (0 to 1), and the features of `columns_read`, of which any may be absent.
    listed
        One row per listed person: patient_id.
    outcome
        What the risk is of, as it completes "people expected to have ...".
    windows
        Feature -> days of look-back where the records reach back less far than declared; None where it was not built.
    reviewed
        practice_code -> words -> number of people, of the list before.
    expected
        patient_id, and emergency_admissions and bed_days expected in the next 12 months, where such models were run;
        without, need is the number of people expected to have the outcome, the sum of their risks.

    Raises
    ------
    UsageError
        A column is missing, a person is there twice, a risk is missing or outside 0 to 1, or someone has no expected
        number.
    """
    _refuse_unfit(people, expected)
    codes = people["practice_code"].astype(str)
    places, names = pd.factorize(codes, sort=True)
    practice = np.asarray(places, dtype=np.int64)
    by_practice = _ByPractice(practice, len(names))
    things, absent = asked_of(people, catalogue, windows, hide=rules.hide)
    strata = np.asarray(people.groupby(["age_band", "sex"], dropna=False).ngroup(), dtype=np.int64)
    found, compared = standing_out(things, practice, strata, len(names))
    need = _need(people, expected, outcome)
    figures = [
        *_figures(people, by_practice, days_looked_back(catalogue, windows)),
        *_needed(need, by_practice),
        *_of_listed(people["patient_id"].isin(listed["patient_id"]).to_numpy(), need[0][1], by_practice),
    ]
    size, needed = by_practice.sums(np.ones(len(people))), by_practice.sums(need[0][1])
    pyramids = _pyramids(people, codes, rules)
    unseen = by_practice.sums(people["gp_seen_from"].notna().to_numpy()) == 0
    return {
        name: PracticeSummary(
            people=int(size[place]),
            figures=tuple(Compared(title, float(own[place]), trust, unit) for title, own, trust, unit in figures),
            pyramid=pyramids[name],
            stands_out=found[place],
            share_of_people=float(size[place] / size.sum()),
            share_of_need=float(needed[place] / needed.sum()) if needed.sum() else math.nan,
            reviewed=dict((reviewed or {}).get(name, {})),
            notes=_notes(
                bool(unseen[place]), [(one, bool(where[place])) for one, where in compared], found[place], absent
            ),
        )
        for place, name in enumerate(names)
    }


# --- figures ---------------------------------------------------------------------------------------------------------


class _ByPractice:
    """Sums and shares over the people of each practice, whose number is in `practice`."""

    def __init__(self, practice: npt.NDArray[Any], practices: int) -> None:
        self.practice, self.practices = practice, practices

    def sums(self, values: npt.NDArray[Any]) -> Floats:
        return np.bincount(self.practice, values, self.practices).astype(float)

    def shares(self, has: Rows, seen: Rows) -> tuple[Floats, float]:
        """Return the share of each practice, missing where too few are seen, and of all people seen."""
        of_seen, size = self.sums(seen), self.sums(np.ones(seen.size))
        with np.errstate(invalid="ignore"):
            share = np.where(of_seen >= LEAST_SEEN * size, self.sums(has & seen) / of_seen, np.nan)
        return share, float((has & seen).sum() / seen.sum()) if seen.any() else math.nan


# title, of each practice, of the trust, unit
_Figure = tuple[str, Floats, float, str]


def _figures(people: pd.DataFrame, by: _ByPractice, look_back: Mapping[str, int]) -> list[_Figure]:
    everyone = np.ones(len(people), dtype=bool)
    age = people["age"]
    figures: list[_Figure] = [
        ("Registered people, of the ages listed", by.sums(everyone), float(len(people)), "people"),
        ("Median age", age.groupby(by.practice).median().to_numpy(dtype=float), float(age.median()), "years"),
        ("Aged 75 or over", *by.shares((age >= 75).to_numpy(), everyone), "share"),
    ]
    for title, name, seen in (
        ("Three or more long-term conditions", THREE_CONDITIONS, seen_for(people, look_back.get(THREE_CONDITIONS, 0))),
        ("Three or more emergency admissions in 12 months", THREE_ADMISSIONS, everyone),
    ):
        if name in people:
            value = people[name].to_numpy(dtype=float)
            figures.append((title, *by.shares(value > 0, seen & ~np.isnan(value)), "share"))
    return figures


def _need(people: pd.DataFrame, expected: pd.DataFrame | None, outcome: str) -> list[tuple[str, Floats, str]]:
    """Return title, expected number of each person and unit; shares of need are of the first."""
    if expected is None:
        return [(f"People expected to have {outcome}", people["risk"].to_numpy(dtype=float), "people")]
    own = people[["patient_id"]].merge(expected, on="patient_id", how="left")
    return [
        (
            "Emergency admissions expected in the next 12 months",
            own["emergency_admissions"].to_numpy(float),
            "admissions",
        ),
        ("Emergency bed days expected in the next 12 months", own["bed_days"].to_numpy(float), "days"),
    ]


def _needed(need: list[tuple[str, Floats, str]], by: _ByPractice) -> list[_Figure]:
    size = by.sums(np.ones(by.practice.size))
    figures: list[_Figure] = []
    for title, number, unit in need:
        own, trust = by.sums(number), float(number.sum())
        figures.append((title, own, trust, unit))
        figures.append(
            ("The same, for every 1,000 people", _OF_THOUSAND * own / size, _OF_THOUSAND * trust / number.size, unit)
        )
    return figures


def _of_listed(is_listed: Rows, need: Floats, by: _ByPractice) -> list[_Figure]:
    """Return how many are on the list, and how much of the need is theirs: what a list of this length can reach."""
    with np.errstate(invalid="ignore"):
        own = by.sums(need * is_listed) / by.sums(need)
    trust = float((need * is_listed).sum() / need.sum()) if need.sum() else math.nan
    return [
        ("On this list", by.sums(is_listed), float(is_listed.sum()), "people"),
        ("Share of what is expected among those on this list", own, trust, "share"),
    ]


def _pyramids(
    people: pd.DataFrame, codes: "pd.Series[str]", rules: CaseListRules
) -> dict[str, dict[tuple[str, str], int]]:
    cuts = np.array([band.risk_from for band in reversed(rules.bands)])
    grade = len(rules.bands) - np.searchsorted(cuts, people["risk"].to_numpy(dtype=float), side="right")
    first_ages = people.groupby("age_band")["age"].min().sort_values()
    counts = pd.crosstab([codes, people["age_band"]], grade).to_dict("index")
    return {
        practice: {
            (age, band.name): int(counts.get((practice, age), {}).get(place, 0))
            for age in map(str, first_ages.index)
            for place, band in enumerate(rules.bands)
        }
        for practice in codes.unique()
    }


# --- what could not be told ------------------------------------------------------------------------------------------


def _notes(
    unseen: bool, compared: Sequence[tuple[Asked, bool]], found: Sequence[StandsOut], absent: Sequence[str]
) -> tuple[str, ...]:
    """Say how much was compared, and what was not and why."""
    notes = []
    if told := sum(is_compared for _, is_compared in compared):
        things = "condition or care gap was" if told == 1 else "conditions and care gaps were"
        stand = "1 stands" if len(found) == 1 else f"{len(found) or 'none'} stand{'' if found else 's'}"
        notes.append(f"{told} {things} compared with what is expected; {stand} out.")
    untold = [one for one, is_compared in compared if not is_compared]
    if unseen:
        notes.append(
            "The GP record of this practice is not seen: its long-term conditions and care gaps are not compared, and"
            " what is expected rests on hospital and community records alone."
        )
    elif untold:
        titles = [one.title for one in untold if one.kind == CARE_GAP]
        if len(titles) < len(untold):
            titles.insert(0, "long-term conditions")
        notes.append(f"Not compared, as the GP record is not seen so far back: {'; '.join(titles)}.")
    if absent:
        notes.append(f"Not in these records, so not compared: {'; '.join(absent)}.")
    return tuple(notes)


def _refuse_unfit(people: pd.DataFrame, expected: pd.DataFrame | None) -> None:
    missing = [column for column in _NEEDED if column not in people]
    if missing:
        msg = f"practice summaries: people: expected the columns {', '.join(_NEEDED)}; {', '.join(missing)} not found."
        raise UsageError(msg)
    where = "practice summaries: people"
    if twice := int(people["patient_id"].duplicated().sum()):
        msg = f"{where}: expected one row per person, found {twice:,} more. Give the people of one date."
        raise UsageError(msg)
    if outside := int((~people["risk"].astype(float).between(0, 1)).sum()):
        msg = f"{where}: risk: {outside:,} of {len(people):,} are missing or outside 0 to 1. Score them again."
        raise UsageError(msg)
    if expected is not None:
        known = expected.dropna(subset=["emergency_admissions", "bed_days"])
        if without := int((~people["patient_id"].isin(known["patient_id"])).sum()):
            msg = f"practice summaries: expected: {without:,} of {len(people):,} people have none. Score everyone."
            raise UsageError(msg)
