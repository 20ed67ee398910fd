"""Facts from rows rather than features: the last discharge, the last GP contact, the last review by an MDT."""

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.models.templates import date_in_words
from vi_risk.reasons.sentences import ago, span
from vi_risk.reviews.form import DECIDED, OUTCOMES

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

DAYS_OF_CONTACTS = 730  # so far back the contacts reach


def contacts_of(listed: pd.DataFrame, snapshots: "Snapshots") -> pd.DataFrame | None:
    """Return the contacts of listed people before each one's own index date; None where they are not at hand."""
    particulars = snapshots.particulars
    if particulars is None:
        return None
    contacts: pd.DataFrame = particulars.contacts
    contacts = contacts[contacts["patient_id"].isin(listed["patient_id"])]
    days = pd.to_datetime(listed.set_index("patient_id")["index_date"])
    asked = contacts["patient_id"].map(days)
    return contacts[pd.to_datetime(contacts["began_on"]) < asked].reset_index(drop=True)


def contact_facts(listed: pd.DataFrame, snapshots: "Snapshots") -> dict[str, list[str | None]]:
    """Return the facts that contacts and reviews tell of listed people; those that the records do not tell are absent.

    Days are counted from the date at which each person is told of; the last review is that before the list.
    """
    facts: dict[str, list[str | None]] = {}
    if (contacts := contacts_of(listed, snapshots)) is not None:
        stays = contacts.loc[contacts["setting"] == "admission"]
        facts["last_discharge"] = _last(stays, "ended_on", listed, [f"none in {span(DAYS_OF_CONTACTS)}"] * len(listed))
        if "gp_appointments" in snapshots.data_to:
            visits = contacts.loc[contacts["setting"] == "gp"]
            facts["last_gp_contact"] = _last(visits, "began_on", listed, _no_gp_contact(listed))
    if "mdt_reviews" in snapshots.data_to:
        facts |= _last_reviews(listed, snapshots)
    return facts


def seen_while_in_hospital(listed: pd.DataFrame, snapshots: "Snapshots") -> list[str]:
    """Return of each person whose stay has no end since when it lasts, where someone saw them elsewhere later.

    A GP, a community team or A&E that sees a person after the day of admission says that the person may be home, and
    the discharge not recorded. An outpatient appointment does not: people are taken to them from a ward.
    """
    contacts = contacts_of(listed, snapshots)
    if contacts is None:
        return [""] * len(listed)
    stays = contacts[(contacts["setting"] == "admission") & contacts["ended_on"].isna()]
    since = pd.to_datetime(stays["began_on"]).groupby(stays["patient_id"]).max()
    elsewhere = contacts[contacts["setting"].isin(["gp", "community", "ed"])]
    last = pd.to_datetime(elsewhere["began_on"]).groupby(elsewhere["patient_id"]).max()
    texts = []
    for patient, admitted in zip(listed["patient_id"], since.reindex(listed["patient_id"]), strict=True):
        is_seen = last.get(patient, pd.NaT) > admitted  # without a day of either it is not
        texts.append(f"in hospital since {date_in_words(admitted.date())}, seen elsewhere since" if is_seen else "")
    return texts


def _last(contacts: pd.DataFrame, day: str, listed: pd.DataFrame, otherwise: list[str | None]) -> list[str | None]:
    """Return how long ago the last of some contacts was, and other words where there was none."""
    days = pd.to_datetime(contacts[day]).groupby(contacts["patient_id"]).max()
    last = pd.to_datetime(days.reindex(listed["patient_id"])).to_numpy("datetime64[D]")
    since = (listed["index_date"].to_numpy("datetime64[D]") - last) / np.timedelta64(1, "D")  # no day: no number
    return [ago(int(number)) if number >= 1 else words for number, words in zip(since, otherwise, strict=True)]


def _no_gp_contact(listed: pd.DataFrame) -> list[str | None]:
    """Return what is said of people without a GP contact: since when there was none, or nothing if it is not seen."""
    words: list[str | None] = []
    for seen_from, asked in zip(listed["gp_seen_from"], listed["index_date"], strict=True):
        if pd.isna(seen_from):
            words.append(None)
        elif seen_from <= asked - timedelta(days=DAYS_OF_CONTACTS):
            words.append(f"none in {span(DAYS_OF_CONTACTS)}")
        else:
            words.append(f"none since {date_in_words(seen_from)}")
    return words


def _last_reviews(listed: pd.DataFrame, snapshots: "Snapshots") -> dict[str, list[str | None]]:
    """Return when an MDT last discussed each person, what it decided, who took it on; plan, day to look again, outcome.

    The plans, the days and the outcomes are absent where none was written for anyone.
    """
    particulars = snapshots.particulars
    if particulars is None:
        return {}
    reviews: pd.DataFrame = particulars.reviews
    of_these = reviews[reviews["patient_id"].isin(listed["patient_id"])]
    # A meeting between a discharge and the list is as much a reason not to speak of the person again as one before it.
    of_these = of_these[pd.to_datetime(of_these["reviewed_on"]) < pd.Timestamp(snapshots.index_dates.list_date)]
    of_these = of_these.sort_values("reviewed_on", kind="stable")
    latest = {row["patient_id"]: row for row in of_these.to_dict("records")}
    facts: dict[str, list[str | None]] = {"last_review": [], "last_plan": [], "last_review_due": [], "last_outcome": []}
    for patient in listed["patient_id"]:
        review = latest.get(patient)
        if review is None:
            told = ("none recorded", "", "", "")
        else:
            said = (DECIDED.get(review["decision"], ""), _written(review["owner"]))
            what = ", ".join(part for part in said if part)
            day = _day(review["reviewed_on"])
            outcome = OUTCOMES.get(_written(review["outcome_code"]), "")
            told = (f"{day}: {what}" if what else day, _written(review["plan"]), _day(review["review_on"]), outcome)
        for texts, text in zip(facts.values(), told, strict=True):
            texts.append(text)
    return {name: texts for name, texts in facts.items() if name == "last_review" or any(texts)}


def _written(value: object) -> str:
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _day(value: object) -> str:
    return "" if pd.isna(value) else date_in_words(pd.Timestamp(value).date())  # type: ignore[call-overload, arg-type]
