"""Who is on which list: the highest risks of each practice, within the places that its meeting has."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.lists import DECISION_COLUMNS, LEADING_COLUMNS, REASON_COLUMNS, CaseList, ListAbout
from vi_risk.caselists.rules import CaseListRules
from vi_risk.explain.sentences import ago, span
from vi_risk.models.templates import date_in_words

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

_LAST_ADMISSION_DAYS = 730

# fact on the list -> the feature that holds it
_FACTS: Mapping[str, str] = {
    "emergency_admissions_12m": "emergency_admissions_365d",
    "last_emergency_admission": f"days_since_emergency_admission_{_LAST_ADMISSION_DAYS}d",
    "ed_attendances_12m": "ed_attendances_365d",
    "bed_days_12m": "emergency_bed_days_365d",
    "long_term_conditions": "long_term_conditions_1095d",
    "medicines": "medicines_90d",
}
_YEAR = 365

# What a team would expect to be seen, in its words.
_SOURCES: Mapping[str, str] = {
    "ed_attendances": "A&E attendances",
    "outpatient_appointments": "outpatient appointments",
    "gp_events": "the coded GP record",
    "gp_appointments": "GP appointments",
    "prescriptions": "prescriptions",
    "community_contacts": "community contacts",
}


def choose(scores: pd.DataFrame, snapshots: "Snapshots", *, capacity: int) -> pd.DataFrame:
    """Return the people on the lists: of each practice the `capacity` best ranked.

    Returns
    -------
    DataFrame
        One row per listed person, by practice_code and rank: the columns of `scores` and of the cohort at the date of
        the list; ``rank`` is that within the practice.
    """
    cohort, _ = snapshots.rows("list")
    people = scores.merge(cohort.drop(columns="index_date"), on="patient_id", validate="one_to_one")
    people = people.sort_values(["practice_code", "rank"], kind="stable")
    people["rank"] = people.groupby("practice_code").cumcount() + 1
    return people[people["rank"] <= capacity].reset_index(drop=True)


def case_lists(
    scores: pd.DataFrame,
    snapshots: "Snapshots",
    reasons: pd.DataFrame,
    *,
    rules: CaseListRules,
    capacity: int,
    model_title: str,
    model_version: str,
    outcome_words: str,
) -> list[CaseList]:
    """Return one case list for each practice that has eligible people, by practice_code.

    Parameters
    ----------
    scores
        One row per person: patient_id, index_date, risk, rank; from `vi_risk.score` or of one's own making.
    reasons
        patient_id and reason_1 ... for at least the people that `choose` gives.
    """
    listed = choose(scores, snapshots, capacity=capacity)
    table = listed.merge(reasons, on="patient_id", how="left", validate="one_to_one")
    table["band"] = [rules.band(risk) for risk in table["risk"]]
    texts = table.reindex(columns=list(REASON_COLUMNS)).fillna("")
    texts.iloc[:, rules.reasons :] = ""
    facts = _facts(listed, snapshots)
    table = pd.concat([table.drop(columns=list(REASON_COLUMNS), errors="ignore"), texts, facts], axis=1)
    for column in DECISION_COLUMNS:
        table[column] = ""
    columns = [*LEADING_COLUMNS, *facts.columns, *DECISION_COLUMNS]
    cohort, _ = snapshots.rows("list")
    eligible = cohort.groupby("practice_code").size()
    return [
        CaseList(
            practice_code=str(practice),
            practice_name=snapshots.practices.get(str(practice), {}).get("name"),
            network=snapshots.practices.get(str(practice), {}).get("network"),
            table=rows[columns].reset_index(drop=True),
            eligible=int(eligible[practice]),
            about=ListAbout(
                model_title=model_title,
                model_version=model_version,
                outcome=outcome_words,
                index_date=snapshots.index_dates.list_date,
                data_to=snapshots.data_to,
                notes=_notes(snapshots, rows),
                capacity=capacity,
            ),
        )
        for practice, rows in table.groupby("practice_code")
    ]


def _facts(listed: pd.DataFrame, snapshots: "Snapshots") -> pd.DataFrame:
    """Return the facts beside each name; one that says 12 months is left out where the records reach back less far."""
    _, features = snapshots.rows("list")
    values = listed[["patient_id"]].merge(features, on="patient_id", how="left", validate="one_to_one")
    facts = pd.DataFrame(index=listed.index)
    for fact, feature in _FACTS.items():
        shortened = feature in snapshots.windows
        if feature not in values or (shortened and (fact.endswith("_12m") or snapshots.windows[feature] is None)):
            continue
        if fact == "last_emergency_admission":
            # Hospital stays are seen for everyone, so that a missing number of days means there was no such admission.
            none = f"none in {span(snapshots.windows.get(feature, _LAST_ADMISSION_DAYS))}"
            facts[fact] = [none if pd.isna(days) else ago(round(days)) for days in values[feature]]
        else:
            facts[fact] = values[feature]
    facts["in_hospital_now"] = listed["in_hospital"].map({True: "yes", False: "no"})
    return facts


def _notes(snapshots: "Snapshots", rows: pd.DataFrame) -> tuple[str, ...]:
    """Say what of this practice's patients was not seen; how the records were cut to equal length is the card's."""
    absent = [words for table, words in _SOURCES.items() if table not in snapshots.data_to]
    notes = [f"Not in these records, so not seen: {', '.join(absent)}"] if absent else []
    seen_from = rows["gp_seen_from"].iloc[0]
    day = snapshots.index_dates.list_date
    if pd.isna(seen_from):
        notes.insert(0, "The GP record is not seen: this practice is not part of the trust")
    elif isinstance(seen_from, date) and (day - seen_from).days < _YEAR:
        joined = date_in_words(seen_from)
        notes.insert(0, f"The GP record is seen from {joined} only, when the practice joined the trust")
    return tuple(notes)
