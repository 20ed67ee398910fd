"""Lists put together: who is on them and why, what changed since the list before, and who might help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.choosing.certainty import share_listed
from vi_risk.caselists.choosing.changes import PreviousList
from vi_risk.caselists.choosing.people import COMPANIONS, people_at_list
from vi_risk.caselists.practice.summarising import columns_read, practice_summaries
from vi_risk.caselists.ranking import case_lists, practices_without_list, ranked_people
from vi_risk.models.companions import column_of
from vi_risk.models.on_snapshots import risks_in_refits, score
from vi_risk.reasons.explain import explain
from vi_risk.reasons.moved import what_moved
from vi_risk.reasons.prompts import prompts_for

if TYPE_CHECKING:
    from vi_risk.caselists.choosing.rules import CaseListRules
    from vi_risk.caselists.lists import CaseList
    from vi_risk.caselists.practice.practice_summary import PracticeSummary
    from vi_risk.features.catalogue import Catalogue
    from vi_risk.models.learning.uncertainty import Refits
    from vi_risk.models.on_snapshots import Model
    from vi_risk.models.snapshots import Snapshots
    from vi_risk.models.spec import ModelSpec
    from vi_risk.reasons.prompts import Prompt

# what a summary calls it -> the outcome of the model that counts it
_EXPECTED = {"emergency_admissions": "emergency_admissions_count", "bed_days": "emergency_bed_days"}
_YEAR = 365


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """How lists are made: from which model and what stands beside it, by which rules.

    Attributes
    ----------
    companions
        Model name -> model, of the risks that stand beside the main one.
    refits
        The model learnt again, to say how sure a place is; None tells nothing of that.
    capacity
        Places, as the rules give them out.
    model_version, governance
        For the packs: which model, and the purpose and legal basis of the use of these records.
    """

    spec: "ModelSpec"
    model: "Model"
    companions: Mapping[str, "Model"]
    refits: "Refits | None"
    rules: "CaseListRules"
    capacity: int
    prompts: Sequence["Prompt"]
    model_version: str
    governance: str | None = None

    def lists(
        self, scores: pd.DataFrame, snapshots: "Snapshots", *, listed_before: pd.DataFrame | None = None
    ) -> list["CaseList"]:
        """Return the list of each practice.

        Parameters
        ----------
        scores
            Of everyone eligible, from `vi_risk.score`.
        listed_before
            Who was on the list before, where one was made (`vi_risk.caselists.choosing.changes.LISTED_COLUMNS`);
            without it, and with an earlier date in the snapshots, it is whom today's model would have listed then.
        """
        everyone = ranked_people(scores, snapshots, rules=self.rules, capacity=self.capacity)
        if self.refits is not None:
            risks = risks_in_refits(self.refits, snapshots)
            share = share_listed(everyone, risks, rules=self.rules, capacity=self.capacity)
            scores = scores.assign(listed_in_refits=scores["patient_id"].map(share))
        listed = everyone[everyone["listed"]]
        patients = listed["patient_id"].tolist()
        before = self._before(snapshots, listed_before)
        of_listed = people_at_list(scores, snapshots, patients=patients)
        return case_lists(
            scores,
            snapshots,
            explain(self.model, snapshots, patients),
            spec=self.spec,
            rules=self.rules,
            capacity=self.capacity,
            model_version=self.model_version,
            refits=None if self.refits is None else len(self.refits.boosters),
            prompts=prompts_for(
                of_listed, shown_under(self.rules, self.prompts, snapshots.catalogue), windows=snapshots.windows
            ),
            before=before,
            changes=None if before is None else what_moved(self.model, snapshots, patients),
            summaries=self._summaries(scores, snapshots, listed, before),
            governance=self.governance,
        )

    def practices_without(self, snapshots: "Snapshots") -> dict[str, int]:
        """Return practice_code -> people, of practices outside the trust that have no list."""
        return practices_without_list(snapshots.cohort[snapshots.cohort["role"] == "list"], self.rules)

    def _before(self, snapshots: "Snapshots", listed: pd.DataFrame | None) -> PreviousList | None:
        day = snapshots.index_dates.previous
        if day is None:
            return None
        if listed is not None:
            return PreviousList(day, listed)
        then = snapshots.at_previous()
        scores = score(self.model, then, spec=self.spec, companions=self._ordering())
        everyone = ranked_people(scores, then, rules=self.rules, capacity=self.capacity)
        return PreviousList(day, everyone[everyone["listed"]], made=False)

    def _ordering(self) -> dict[str, "Model"]:
        """Return the models beside the main one that decide who is listed: to score everyone costs, so no others."""
        named = {one.name: COMPANIONS.get(column_of(one), column_of(one)) for one in self.spec.companions}
        return {name: model for name, model in self.companions.items() if named[name] in self.rules.columns}

    def _summaries(
        self, scores: pd.DataFrame, snapshots: "Snapshots", listed: pd.DataFrame, before: PreviousList | None
    ) -> dict[str, "PracticeSummary"]:
        people = people_at_list(scores, snapshots, columns=columns_read(snapshots.catalogue))
        return practice_summaries(
            people,
            rules=self.rules,
            catalogue=snapshots.catalogue,
            listed=listed,
            outcome=self.spec.outcome_words,
            windows=snapshots.windows,
            reviewed=became_of(before, listed, snapshots) if before is not None and before.made else None,
            expected=self.expected(scores),
        )

    def expected(self, scores: pd.DataFrame) -> pd.DataFrame | None:
        """Return the admissions and nights that each person is expected to have, where both stand beside the risk."""
        columns = {
            column_of(companion): name
            for name, outcome in _EXPECTED.items()
            for companion in self.spec.companions
            if companion.outcome == outcome and companion.horizon_days == _YEAR and column_of(companion) in scores
        }
        if {*columns.values()} != {*_EXPECTED}:
            return None
        return scores[["patient_id", *columns]].rename(columns=columns)


def shown_under(rules: "CaseListRules", prompts: Sequence["Prompt"], catalogue: "Catalogue") -> list["Prompt"]:
    """Return the prompts without those that ask about, or name a value of, what the rules hide: each would tell it."""
    hidden = rules.hidden(catalogue)
    return [prompt for prompt in prompts if hidden.isdisjoint([*prompt.when.columns, *prompt.says])]


def became_of(before: PreviousList, listed: pd.DataFrame, snapshots: "Snapshots") -> dict[str, dict[str, int]]:
    """Return practice_code -> words -> number of people, of the list before: listed, reviewed, accepted, left it."""
    then = before.listed[["patient_id", "practice_code"]].astype({"practice_code": object})
    now = listed[["patient_id", "practice_code"]].astype({"practice_code": object}).assign(still=True)
    told = then.merge(now, on=["patient_id", "practice_code"], how="left")
    told["left"] = told["still"].isna()
    words = ["listed", "left"]
    if before.made and snapshots.particulars is not None:
        reviews = snapshots.particulars.reviews
        since = reviews[pd.to_datetime(reviews["reviewed_on"]) >= pd.Timestamp(before.index_date)]
        accepted = since.loc[since["decision"] == "accepted", "patient_id"]
        told = told.assign(
            reviewed=told["patient_id"].isin(since["patient_id"]), accepted=told["patient_id"].isin(accepted)
        )
        words = ["listed", "reviewed", "accepted", "left"]
    told["listed"] = True
    return {str(code): {word: int(rows[word].sum()) for word in words} for code, rows in told.groupby("practice_code")}
