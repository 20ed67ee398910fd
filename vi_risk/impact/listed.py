"""The people of earlier lists, above and below the line, and what was known and happened of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from vi_risk.cohort.events import deaths
from vi_risk.cohort.reviews import reviews_of
from vi_risk.errors import InputError
from vi_risk.impact.outcomes import attendances_missing, complete_to, happened
from vi_risk.impact.registered import practice_held
from vi_risk.records.linked import Records
from vi_risk.running.run_file import LISTS_FOLDER, SCORES_FILE, read_run

if TYPE_CHECKING:
    import pandas as pd

DAYS_FOLLOWED = 180
DAYS_TO_A_REVIEW = 56  # a review in so many days from the list on is one of its own
DAYS_BEFORE = 365  # of which it is counted what happened, to match by
_OFF_THE_ORDER = 0.1  # of the places, given to others than the first in rank: then the line decides little


@dataclass(frozen=True, slots=True, eq=False)
class EarlierList:
    """Whom a run scored in practices with a list.

    Attributes
    ----------
    people
        One row per patient_id: practice_code, risk, listed (bool).
    """

    list_date: date
    people: "pd.DataFrame"


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """People of earlier lists and what happened.

    Attributes
    ----------
    people
        One row per list and person: patient_id, practice_code, list_date, risk, listed, ``places`` (above the line, 0.5
        the last place on the list, -0.5 the first below it), ``from_line`` (log odds of the risk, less those at the
        line), ``reviewed_on`` (missing: not reviewed), ``reviewed_before`` (in the days before the list), ``died_on``,
        ``there_until`` (the day on which the last registration ends), age (years), and of each outcome how often it
        happened: ``<outcome>_year_before``, and ``<outcome>_before`` and ``<outcome>_after`` in the days followed,
        before the list and from it on.
    happened
        patient_id and day of all that happened, by the name of the outcome.
    days
        Days followed.
    known_by
        The day after the last of which everything has arrived.
    ordered
        Whether the lists followed the rank.
    """

    people: "pd.DataFrame"
    happened: dict[str, "pd.DataFrame"]
    days: int
    known_by: date
    ordered: bool
    notes: tuple[str, ...]


def read_list(folder: Path) -> EarlierList:
    """Return whom the run of an output folder scored and listed.

    Raises
    ------
    InputError
        The folder holds no run with lists, or one whose listed people are not among those scored.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    try:
        run = read_run(folder, needs="case_lists", command="caselist")
    except InputError as error:
        msg = f"--run {folder}: {error}"
        raise InputError(msg) from None
    places = folder / LISTS_FOLDER / "listed.parquet"
    scores, cohort = folder / SCORES_FILE, folder / "cohort.parquet"
    for file in (places, scores, cohort):
        if not file.is_file():
            msg = (
                f"--run {folder}: has no {file.relative_to(folder)}. Name the whole output folder of a run with lists."
            )
            raise InputError(msg)
    risk = pd.read_parquet(scores, columns=["patient_id", "risk"])
    listed = pd.read_parquet(places, columns=["patient_id", "practice_code"])
    people = pd.read_parquet(cohort)
    people = people.loc[people["role"] == "list", ["patient_id", "practice_code"]]
    rows = risk.merge(people, on="patient_id")
    rows = rows[rows["practice_code"].isin(listed["practice_code"].unique())]
    rows = rows.assign(listed=rows["patient_id"].isin(listed["patient_id"]))
    return EarlierList(date.fromisoformat(run["features"]["index_dates"]["list"]), rows.reset_index(drop=True))


def followed_of(
    records: Records, lists: Sequence[EarlierList], *, known_by: date, days: int = DAYS_FOLLOWED
) -> Followed:
    """Return the people of earlier lists with what happened to them in the days since.

    Parameters
    ----------
    known_by
        The day after the last of which everything has arrived.

    Raises
    ------
    InputError
        The records hold no reviews, none after a list, or a list whose window is not over.
    """
    import pandas as pd  # noqa: PLC0415 - loaded when used

    if not records.has("mdt_reviews"):
        msg = (
            "mdt_reviews: is not in the records, so nobody is known to have been reviewed. Map it, or leave --run out."
        )
        raise InputError(msg)
    late = [one.list_date for one in lists if one.list_date + timedelta(days=days) > known_by]
    if late:
        msg = (
            f"--run: the list of {max(late)} has not been followed for {days} days by {known_by}, up to when the"
            " records are complete. Name earlier lists alone."
        )
        raise InputError(msg)
    late_days = timedelta(days=complete_to(records)[1])
    reviews = reviews_of(records, known_by + late_days)
    reviews = reviews[reviews["reviewed_on"] < pd.Timestamp(known_by)]
    known = records.as_of(known_by + late_days).tables
    ids = pa.table({"patient_id": pd.concat([one.people["patient_id"] for one in lists]).unique()})
    those = ibis.memtable(ids)
    days_of = {name: _frame(rows.semi_join(those, "patient_id")) for name, rows in happened(known).items()}
    notes = []
    in_order = sorted(lists, key=lambda one: one.list_date)
    first, last = in_order[0].list_date - timedelta(days=DAYS_BEFORE), in_order[-1].list_date + timedelta(days=days)
    if missing := attendances_missing(records, first, last):
        days_of.pop("ed_attendances", None)
        notes.append(f"Reviews: {missing}")
    about = _about(known, those)
    parts, apart, places = [], 0, 0
    for one in in_order:
        rows, left = _placed(one.people)
        apart, places = apart + left, places + int(one.people["listed"].sum())
        rows = rows.assign(list_date=pd.Timestamp(one.list_date)).merge(about, on="patient_id")
        rows = rows.merge(_reviewed(reviews, one.list_date), on="patient_id", how="left")
        rows["reviewed_before"] = rows["patient_id"].isin(_reviewed_before(reviews, one.list_date, days))
        rows["age"] = (rows["list_date"] - rows["birth_month"]).dt.days / 365.25
        start = rows["list_date"]
        for name, of in days_of.items():
            spans = {"year_before": (-DAYS_BEFORE, 0), "before": (-days, 0), "after": (0, days)}
            for span, (since, until) in spans.items():
                rows[f"{name}_{span}"] = number_between(of, rows["patient_id"], start, since, until)
        parts.append(rows.drop(columns="birth_month"))
    people = pd.concat(parts, ignore_index=True)
    if not people["reviewed_on"].notna().any():
        earlier = int((reviews["reviewed_on"] < pd.Timestamp(in_order[0].list_date)).sum())
        dated = "they are dated before the list" if earlier else "there are none"
        msg = (
            f"mdt_reviews: expected reviews in the {DAYS_TO_A_REVIEW} days from a list on, found none of people scored"
            f" ({dated}). Name the runs whose lists were reviewed, and records that hold these reviews."
        )
        raise InputError(msg)
    if apart:
        notes.append("People above the line who were kept off a list for a reason of its own are left out.")
    notes += _not_counted(reviews, in_order)
    once = _once(people, days + DAYS_TO_A_REVIEW)
    if len(once) < len(people):
        notes.append(
            "Lists were named that are less than"
            f" {days + DAYS_TO_A_REVIEW} days apart: a person counts with the first of them alone, as what happens"
            " after it would count twice."
        )
    if again := _reviewed_later(once, reviews, days):
        notes.append(
            f"{again} people who count as not reviewed were reviewed later in the {days} days after the list. That"
            " draws what is found towards no effect."
        )
    return Followed(once, days_of, days, known_by, apart <= _OFF_THE_ORDER * max(places, 1), tuple(notes))


def _about(known: Mapping[str, ir.Table], those: ir.Table) -> "pd.DataFrame":
    """Return patient_id, birth_month, died_on and there_until of people; both days are missing where there is none."""
    about = _frame(known["patients"].semi_join(those, "patient_id").select("patient_id", "birth_month"))
    about = about.merge(_frame(deaths(known).semi_join(those, "patient_id")), on="patient_id", how="left")
    if "registrations" not in known:
        return about.assign(there_until=about["died_on"])
    held = practice_held(known).semi_join(those, "patient_id")
    until = _frame(held.group_by("patient_id").agg(there_until=ibis._.ends.max()))
    return about.merge(until, on="patient_id", how="left")


def _once(people: "pd.DataFrame", days: int) -> "pd.DataFrame":
    """Return the rows without those of a person less than so many days after one that is kept."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    kept = people.iloc[:0]
    for day, rows in people.groupby("list_date"):
        first = pd.Timestamp(str(day)) - pd.Timedelta(days=days)
        near = kept.loc[kept["list_date"] > first, "patient_id"]
        kept = pd.concat([kept, rows[~rows["patient_id"].isin(near)]]) if len(kept) else rows
    return kept.reset_index(drop=True)


def _not_counted(reviews: "pd.DataFrame", lists: Sequence[EarlierList]) -> list[str]:
    """Say how many were reviewed after a list that did not score them."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    after = pd.concat([_reviewed(reviews, one.list_date)["patient_id"] for one in lists]).unique()
    scored = pd.concat([one.people["patient_id"] for one in lists])
    number = int((~pd.Series(after).isin(scored)).sum())
    if not number:
        return []
    return [f"{number} people were reviewed whom none of the runs scored in a practice with a list: they are left out."]


def _reviewed_later(people: "pd.DataFrame", reviews: "pd.DataFrame", days: int) -> int:
    others = people.loc[people["reviewed_on"].isna(), ["patient_id", "list_date"]]
    pairs = others.merge(reviews[["patient_id", "reviewed_on"]], on="patient_id")
    since = (pairs["reviewed_on"] - pairs["list_date"]).dt.days
    return int(pairs.loc[(since >= 0) & (since < days), "patient_id"].nunique())


def number_between(
    happened: "pd.DataFrame", patients: "pd.Series", start: "pd.Series", first: int, until: int
) -> "pd.Series":
    """Return how often it happened to each person in ``[start + first, start + until)``, in days."""
    import pandas as pd  # noqa: PLC0415 - loaded when used

    asked = pd.DataFrame({"row": range(len(patients)), "patient_id": patients.to_numpy(), "start": start.to_numpy()})
    pairs = asked.merge(happened, on="patient_id")
    day = (pairs["day"] - pairs["start"]).dt.days
    number = pairs.loc[(day >= first) & (day < until), "row"].value_counts()
    return pd.Series(number.reindex(range(len(patients)), fill_value=0).to_numpy(), index=patients.index)


def _placed(people: "pd.DataFrame") -> tuple["pd.DataFrame", int]:
    """Add how far above the line of the list each person stands; leave out, and count, who is there but not listed."""
    lowest = people[people["listed"]].groupby("practice_code")["risk"].min()
    off = ~people["listed"] & (people["risk"] > people["practice_code"].map(lowest))
    rows = people[~off].sort_values(["listed", "risk", "patient_id"], ascending=[False, False, True])
    rank = rows.groupby("practice_code").cumcount()
    line = rows.groupby("practice_code")["listed"].transform("sum")
    rows = rows.assign(places=line - rank - 0.5, log_odds=logit(rows["risk"]))
    last = rows[rows["places"] > 0].groupby("practice_code")["log_odds"].min()
    first = rows[rows["places"] < 0].groupby("practice_code")["log_odds"].max()
    between = rows["practice_code"].map((last + first) / 2)
    return rows.assign(from_line=rows["log_odds"] - between).drop(columns="log_odds"), int(off.sum())


def _reviewed(reviews: "pd.DataFrame", list_date: date) -> "pd.DataFrame":
    import pandas as pd  # noqa: PLC0415 - loaded when used

    since = (reviews["reviewed_on"] - pd.Timestamp(list_date)).dt.days
    soon = reviews[(since >= 0) & (since < DAYS_TO_A_REVIEW)]
    return soon.groupby("patient_id", as_index=False)[["reviewed_on"]].min()


def _reviewed_before(reviews: "pd.DataFrame", list_date: date, days: int) -> "pd.Series":
    import pandas as pd  # noqa: PLC0415 - loaded when used

    since = -(reviews["reviewed_on"] - pd.Timestamp(list_date)).dt.days
    found: pd.Series = reviews.loc[(since > 0) & (since <= days), "patient_id"]
    return found


def _frame(rows: ir.Table) -> "pd.DataFrame":
    found: pd.DataFrame = rows.to_pyarrow().to_pandas(date_as_object=False)
    return found


def rate_of(number: float, days: int) -> float:
    """Return a number per person in so many days, as per 100 people a month.

    >>> round(rate_of(0.6, 180), 2)
    10.15
    """
    return float(100 * number * 30.4375 / days)


def logit(risk: "pd.Series") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the log odds of risks, those of 0 and 1 drawn in."""
    inside = np.clip(risk.to_numpy(dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)))
