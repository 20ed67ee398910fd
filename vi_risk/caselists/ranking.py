"""Who is on which list: the highest risks of each practice, within the places that its meeting has."""

from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.facts import data_seen, facts_of, notes_for
from vi_risk.caselists.lists import DECISION_COLUMNS, LEADING_COLUMNS, REASON_COLUMNS, CaseList, ListAbout
from vi_risk.caselists.rules import CaseListRules, load_rules

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots
    from vi_risk.models.spec import ModelSpec


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
    spec: "ModelSpec",
    rules: CaseListRules | None = None,
    capacity: int | None = None,
    model_version: str = "not named",
) -> list[CaseList]:
    """Return one case list for each practice that has eligible people, by practice_code.

    Parameters
    ----------
    scores
        One row per person: patient_id, index_date, risk, rank; from `vi_risk.score` or of one's own making.
    reasons
        patient_id and reason_1 ... for at least the people that `choose` gives.
    spec
        The model's, for its title and the words of its outcome.
    rules, capacity
        None: the shipped rules, and the places that the rules give.
    """
    rules = rules or load_rules()
    capacity = capacity or rules.capacity
    listed = choose(scores, snapshots, capacity=capacity)
    table = listed.merge(reasons, on="patient_id", how="left", validate="one_to_one")
    table["band"] = [rules.band(risk) for risk in table["risk"]]
    texts = table.reindex(columns=list(REASON_COLUMNS), fill_value="").fillna("")
    texts.iloc[:, rules.reasons :] = ""
    facts = facts_of(listed, snapshots)
    table = table.drop(columns=[*REASON_COLUMNS, *facts.columns], errors="ignore")
    table = pd.concat([table, texts, facts], axis=1)
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
                model_title=spec.title,
                model_version=model_version,
                outcome=spec.outcome_words,
                index_date=snapshots.index_dates.list_date,
                data_to=data_seen(snapshots, rows),
                notes=notes_for(snapshots, rows),
                capacity=capacity,
            ),
        )
        for practice, rows in table.groupby("practice_code")
    ]
