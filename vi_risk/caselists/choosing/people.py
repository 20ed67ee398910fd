"""The people frame: who is eligible at the date of the list, with what rules, prompts and summaries ask about."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.caselists.choosing.standing import OBJECTS
from vi_risk.errors import UsageError
from vi_risk.models.objecting import objectors
from vi_risk.records.codes import MDT_DECISION

if TYPE_CHECKING:
    from vi_risk.features.catalogue import Catalogue
    from vi_risk.models.snapshots import Snapshots

# The risk of a companion as scored -> as people read it, whatever the model that gave it is called.
COMPANIONS: Mapping[str, str] = MappingProxyType(
    {"risk_death_12m": "risk_of_death", "risk_emergency_admission_3m": "risk_3m"}
)
REVIEWED, REVIEW_OPEN, REVIEW_DUE = "days_since_review", "review_open", "days_since_review_due"
# decision of the last review -> the column that says it was that one
DECISIONS: Mapping[str, str] = MappingProxyType({decision: f"review_{decision}" for decision in MDT_DECISION})
DISCHARGED = "days_since_discharge"
# What rules may ask about beside features and risks.
ASKED_OF_COHORT = (
    "age", "in_hospital", "rank", "listed_in_refits",
    REVIEWED, REVIEW_OPEN, REVIEW_DUE, *DECISIONS.values(), DISCHARGED,
)  # fmt: skip
REVIEW_FEATURE = "days_since_mdt_review_730d"  # what says so where the reviews themselves are not at hand
_DISCUSS_AGAIN = "deferred"  # of the codes of an MDT decision the one that settles nothing


def people_at_list(
    scores: pd.DataFrame,
    snapshots: "Snapshots",
    *,
    patients: Sequence[str] | None = None,
    columns: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return one row per scored person at the date of the list, in the order of the cohort.

    Parameters
    ----------
    scores
        One row per person: patient_id and risk (0 to 1) at least, from `vi_risk.score` or of one's own making.
    patients
        Only these; None takes everyone scored.
    columns
        Features to give; None gives all of them, which takes memory where people are many.

    Returns
    -------
    DataFrame
        The columns of `scores`, rank among them if they have it, with risk_of_death and risk_3m for the companions of
        those outcomes; those of the cohort, in_hospital as 1 or 0; days_since_review, since an MDT last discussed them,
        and review_open, 1 where its date to look again has come, or it put them off and named none;
        days_since_review_due, since that date, where it has; for each decision that a review may come to, such as
        review_declined, 1 where the last one did; days_since_discharge, since the last stay of a night or more;
        objects, 1 for an objection to risk stratification; and the features, over the whole record that the date of the
        list sees (`Snapshots.told_on_list`), which may be more than the model saw. What is not known is missing.
        Reviews and objections are those known at the date of the list, also of people who are told of as at their
        discharge; where the snapshots have no particulars, they are those of the features, at each one's own index
        date.

    Raises
    ------
    UsageError
        patient_id or risk is missing, nobody is scored or a person twice, a risk is no number, a column stands under
        both of its names, or somebody who is not eligible is scored.
    """
    _refuse_unfit(scores)
    cohort, features = snapshots.people("list"), snapshots.feature_names
    own = scores.drop(columns=[name for name in cohort if name in scores and name != "patient_id"])
    rows = cohort.reset_index(drop=True).reset_index(names="row")
    people = rows.merge(own.rename(columns=COMPANIONS), on="patient_id", validate="one_to_one")
    if unknown := len(scores) - len(people):
        msg = (
            f"scores: {unknown:,} of {len(scores):,} people are not eligible at {snapshots.index_dates.list_date}."
            ' Score those of snapshots.rows("list").'
        )
        raise UsageError(msg)
    if patients is not None:
        people = people[people["patient_id"].isin(list(patients))]
    people = people.sort_values("row", ignore_index=True)
    chosen = people.pop("row").to_numpy()
    people["in_hospital"] = people["in_hospital"].astype(np.int8)
    asked = set(features if columns is None else columns) | {REVIEW_FEATURE}
    names = [name for name in features if name in asked and name not in people]
    people = pd.concat([people, snapshots.told_on_list(names, chosen.tolist()).reset_index(drop=True)], axis=1)
    people[OBJECTS] = people["patient_id"].isin(objectors(snapshots)).astype(np.int8)
    return _with_discharge(_with_reviews(people, snapshots), snapshots)


def known_columns(catalogue: "Catalogue", companions: Sequence[str] = ()) -> frozenset[str]:
    """Return what a rule of a list or a prompt may ask about: features, risks and what the cohort holds."""
    risks = [f"risk_{name}" for name in companions]
    named = [COMPANIONS.get(risk, risk) for risk in risks]
    features = [feature.name for feature in catalogue.features]
    return frozenset([*features, "risk", *COMPANIONS.values(), *named, *ASKED_OF_COHORT])


def _with_reviews(people: pd.DataFrame, snapshots: "Snapshots") -> pd.DataFrame:
    """Add what the latest review by an MDT says, from the reviews themselves where they are at hand."""
    days = people.get(REVIEW_FEATURE, pd.Series(np.nan, index=people.index))
    still_open = pd.Series(np.nan, index=people.index).where(days.isna(), 0.0)
    # What the last review came to is not told by features.
    came_to = pd.DataFrame(np.nan, index=people["patient_id"], columns=[REVIEW_DUE, *DECISIONS.values()])
    if snapshots.particulars is not None and len(snapshots.particulars.reviews):
        reviews = people[["patient_id"]].merge(snapshots.particulars.reviews, on="patient_id")
        day = pd.Timestamp(snapshots.index_dates.list_date)
        since_due = (day - pd.to_datetime(reviews["review_on"])).dt.days
        days_ago = (day - pd.to_datetime(reviews["reviewed_on"])).dt.days
        put_off = (reviews["decision"] == _DISCUSS_AGAIN) & reviews["review_on"].isna()  # who named a day meant it
        reviews = reviews.assign(days=days_ago, again=(since_due >= 0) | put_off)
        reviews[REVIEW_DUE] = since_due.where(since_due >= 0)
        for decision, column in DECISIONS.items():
            reviews[column] = reviews["decision"] == decision
        latest = reviews[reviews["days"] > 0].sort_values("days").drop_duplicates("patient_id")
        told = latest.set_index("patient_id")[["days", "again", *came_to]].astype(float).reindex(people["patient_id"])
        days, still_open, came_to = told["days"], told["again"], told[[*came_to]]
    columns = {str(name): came_to[name].to_numpy() for name in came_to}
    return people.assign(**{REVIEWED: days.to_numpy(), REVIEW_OPEN: still_open.to_numpy(), **columns})


def _with_discharge(people: pd.DataFrame, snapshots: "Snapshots") -> pd.DataFrame:
    """Add how long ago each person left hospital after a night or more, counted from the date they are told of at.

    A stay without a night is a day's treatment or a visit that ended at home: nothing was handed over there.
    """
    since = np.full(len(people), np.nan)
    if snapshots.particulars is not None and len(snapshots.particulars.contacts):
        contacts = snapshots.particulars.contacts
        stays = contacts[(contacts["setting"] == "admission") & (contacts["ended_on"] > contacts["began_on"])]
        days = pd.to_datetime(people.set_index("patient_id")["index_date"])
        ended = pd.to_datetime(stays["ended_on"])
        ended = ended[ended < stays["patient_id"].map(days)]
        last = ended.groupby(stays["patient_id"]).max().reindex(people["patient_id"])
        since = (days - last).dt.days.to_numpy(float)
    return people.assign(**{DISCHARGED: since})


def _refuse_unfit(scores: pd.DataFrame) -> None:
    if lacking := [name for name in ("patient_id", "risk") if name not in scores]:
        msg = f"scores: expected the columns patient_id and risk, found no {' and no '.join(lacking)}. Add them."
        raise UsageError(msg)
    if scores.empty:
        msg = "scores: expected one row per person, found none. Score the people of whom lists are to be made."
        raise UsageError(msg)
    if not pd.api.types.is_numeric_dtype(scores["risk"]):
        msg = f"scores: risk: expected numbers from 0 to 1, found a column of {scores['risk'].dtype}. Convert it."
        raise UsageError(msg)
    if outside := int(((scores["risk"] < 0) | (scores["risk"] > 1)).sum()):
        msg = f"scores: risk: expected numbers from 0 to 1, found {outside:,} outside. Give chances."
        raise UsageError(msg)
    for scored, read in COMPANIONS.items():
        if scored in scores and read in scores:
            msg = f"scores: {scored} and {read} are two names of one risk; expected one of them. Drop the other."
            raise UsageError(msg)
    if twice := int(scores["patient_id"].duplicated().sum()):
        msg = f"scores: expected one row per patient_id, found {twice:,} too many. Keep one of each person."
        raise UsageError(msg)
