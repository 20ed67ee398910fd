"""How the list of one replayed date did, held against everything that is known now."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from vi_risk.models.evidence import metrics
from vi_risk.models.evidence.already_known import already_known, incremental_finds
from vi_risk.replaying.past_list import PastList

_LAST_YEAR = "emergency_admissions_365d"
Interval = tuple[float, float]

# Of the table of who was listed: one row per list, person and months by which the records were late (0: not late).
LISTED_COLUMNS = ("index_date", "months_late", "patient_id", "practice_code", "rank", "outcome")


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """What one replayed date says; None stands for what cannot be told, as after it while the window is open.

    Attributes
    ----------
    day
        The date of the list.
    closed
        Whether the outcome window is over in the records.
    people, listed
        Scored, and on the lists of all practices.
    rows, training_events
        That the day's model was trained on.
    events
        People scored who were seen to have the outcome.
    auroc, slope, in_the_large
        Of everyone scored, each with its 95 % interval (`vi_risk.models.evidence.metrics`).
    true_cases
        People listed who were seen to have the outcome; `ppv` is their share by the weights of those followed.
    new
        True cases whom nobody knew of (`vi_risk.models.evidence.already_known`).
    rule_true_cases
        True cases among as many people of each practice in order of emergency admissions last year, then age;
        `beyond_rule` are the true cases of the list whom that order did not have.
    reviewed
        People listed who are not counted among those, as a review was at work in their window and the spec treats it
        as exposure; 0 where reviews are ignored.
    themes
        Theme of a reason -> people listed whose risk it raises.
    """

    day: date
    closed: bool
    people: int
    listed: int
    rows: int
    training_events: int
    themes: dict[str, int]
    events: int | None = None
    auroc: float | None = None
    auroc_interval: Interval | None = None
    slope: float | None = None
    slope_interval: Interval | None = None
    in_the_large: float | None = None
    in_the_large_interval: Interval | None = None
    true_cases: int | None = None
    ppv: float | None = None
    new: int | None = None
    rule_true_cases: int | None = None
    beyond_rule: int | None = None
    reviewed: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {**asdict(self), "day": self.day.isoformat()}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> "DateEvidence":
        """Return what `to_dict` gave."""
        ends = {name: None if found[name] is None else tuple(found[name]) for name in found if "interval" in name}
        return cls(**{**found, **ends, "day": date.fromisoformat(found["day"])})


def date_evidence(past: PastList, after: pd.DataFrame | None) -> DateEvidence:
    """Return what a replayed date says.

    Parameters
    ----------
    after
        From `vi_risk.replaying.afterwards.afterwards`, of everyone scored at least; None while the window is open.
    """
    raises = past.reasons[past.reasons["kind"] == "raises"]
    themes = raises.groupby("theme")["patient_id"].nunique()
    common: dict[str, Any] = {
        "day": past.day,
        "closed": after is not None,
        "people": len(past.scores),
        "listed": len(past.listed),
        "rows": past.rows,
        "training_events": past.events,
        "themes": {str(theme): int(number) for theme, number in sorted(themes.items())},
    }
    if after is None:
        return DateEvidence(**common)
    scores = past.scores
    found = after.loc[scores["patient_id"]]
    risk = scores["risk"].to_numpy(dtype=np.float64)
    weight = found["weight"].to_numpy(dtype=np.float64)
    y = np.where(weight > 0, found["outcome"].to_numpy(dtype=np.float64), 0.0)
    listed = np.flatnonzero(scores["patient_id"].isin(past.listed["patient_id"]))
    at_capacity = metrics.found(y, listed, weight)
    features = past.features.loc[scores["patient_id"]]
    finds = incremental_finds(y, listed, already_known(features))
    by_rule = _by_rule(past)
    cases = {*scores["patient_id"].to_numpy()[(y == 1) & (weight > 0)]}
    slope, in_the_large = metrics.slope_and_error(risk, y, weight), metrics.in_the_large_and_error(risk, y, weight)
    return DateEvidence(
        **common,
        events=len(cases),
        auroc=metrics.auroc(risk, y, weight),
        auroc_interval=metrics.auroc_interval(risk, y, weight),
        slope=None if slope is None else slope[0],
        slope_interval=_wald(slope),
        in_the_large=None if in_the_large is None else in_the_large[0],
        in_the_large_interval=_wald(in_the_large),
        true_cases=at_capacity.true_cases,
        ppv=at_capacity.ppv,
        new=None if finds is None else finds.new,
        rule_true_cases=None if by_rule is None else len(cases & by_rule),
        reviewed=int(found["reviewed"].to_numpy()[listed].sum()),
        beyond_rule=None if by_rule is None else len((cases & {*past.listed["patient_id"]}) - by_rule),
    )


def listed_rows(past: PastList, after: pd.DataFrame | None) -> pd.DataFrame:
    """Return who was listed at a date, and who would have been with older records: `LISTED_COLUMNS`.

    `outcome` is 1 for who was seen to have it in the window that begins at the date of the list, 0 for others, and
    missing while that is open.
    """
    parts = []
    for months, listed in {0: past.listed, **past.delayed}.items():
        outcome = np.full(len(listed), np.nan)
        if after is not None:
            found = after.reindex(listed["patient_id"])
            outcome = ((found["outcome"] == 1) & (found["weight"] > 0)).to_numpy(dtype=np.float64)
        rows = listed[["patient_id", "practice_code", "rank"]].assign(
            index_date=past.day, months_late=months, outcome=outcome
        )
        parts.append(rows[[*LISTED_COLUMNS]])
    return pd.concat(parts, ignore_index=True)


def _by_rule(past: PastList) -> set[str] | None:
    """Return as many people of each practice as are listed, by emergency admissions last year, then age."""
    if _LAST_YEAR not in past.features or past.features[_LAST_YEAR].isna().all():
        return None
    may = past.ranked[past.ranked["kept_off"] == ""]
    may = may.assign(admissions=past.features.loc[may["patient_id"], _LAST_YEAR].to_numpy())
    ordered = may.sort_values(["admissions", "age", "patient_id"], ascending=[False, False, True])
    place = ordered.groupby("practice_code").cumcount()
    places = ordered["practice_code"].map(past.listed["practice_code"].value_counts()).fillna(0)
    return {*ordered.loc[place < places, "patient_id"]}


def _wald(found: tuple[float, float] | None) -> Interval | None:
    """Return Wald's 95 % interval of a figure and its standard error."""
    if found is None:
        return None
    value, error = found
    return value - metrics.Z95 * error, value + metrics.Z95 * error


def outcomes_wanted(past: PastList) -> list[str]:
    """Return of whom it must be known what happened: everyone scored, and whoever older records would have listed."""
    listed = [rows["patient_id"] for rows in past.delayed.values()]
    return [*dict.fromkeys([*past.scores["patient_id"], *(one for rows in listed for one in rows)])]
