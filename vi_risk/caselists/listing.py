"""Lists put together: who is on them and why, what changed since the list before, and who might help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from vi_risk.caselists.choosing.certainty import share_listed
from vi_risk.caselists.choosing.changes import PreviousList, became_of
from vi_risk.caselists.choosing.people import people_at_list
from vi_risk.caselists.choosing.tie_band import lot_of
from vi_risk.caselists.making import case_lists
from vi_risk.caselists.practice.summarising import columns_read, practice_summaries
from vi_risk.caselists.ranking import in_order, on_lists, practices_without_list, ranked_people
from vi_risk.caselists.wording import CONFIDENTIAL, SYNTHETIC
from vi_risk.errors import UsageError
from vi_risk.governance.told import objectors_in_words
from vi_risk.models.companions import column_of
from vi_risk.reasons.asking import asked_where_none, prompts_for
from vi_risk.reasons.explain import explain
from vi_risk.reasons.moved import what_moved

if TYPE_CHECKING:
    from vi_risk.caselists.choosing.rules import CaseListRules
    from vi_risk.caselists.lists import CaseList
    from vi_risk.caselists.practice.practice_summary import PracticeSummary
    from vi_risk.features.catalogue import Catalogue
    from vi_risk.models.on_snapshots import Model
    from vi_risk.models.snapshots import Snapshots
    from vi_risk.models.spec import ModelSpec
    from vi_risk.reasons.prompts import Prompt

# what a summary calls it -> the outcome of the model that counts it
_EXPECTED = {"emergency_admissions": "emergency_admissions_count", "bed_days": "emergency_bed_days"}
_YEAR = 365


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """What the list before goes by.

    Attributes
    ----------
    listed
        Who was on it (`vi_risk.caselists.choosing.changes.LISTED_COLUMNS`), where one was made.
    scores
        Where none was, the risks of everyone at its date (`vi_risk.models.scoring.score_before`): it is then whom
        today's model would have listed.

    Raises
    ------
    UsageError
        Both are given, or neither.
    """

    listed: pd.DataFrame | None = None
    scores: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        if (self.listed is None) == (self.scores is None):
            msg = (
                "before: expected who was listed or the risks of everyone then, one of them. Give that which is known."
            )
            raise UsageError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Lists that were made, with what the packs of networks tell beside them.

    Attributes
    ----------
    of_practices
        The list of each practice, by practice_code.
    before
        The list before, of all practices; None where there is none to compare with.
    networks
        Network -> its people in one view, those of the practices that have a list.
    lot
        Who was in a lot for the last places, by meeting and rank (`vi_risk.caselists.choosing.tie_band.LOT_COLUMNS`);
        None where the rules have no tie band.
    """

    of_practices: list["CaseList"]
    before: PreviousList | None
    networks: Mapping[str, "PracticeSummary"]
    lot: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """How lists are made: from which model, by which rules, with which words beside them.

    Attributes
    ----------
    capacity
        Places, as the rules give them out.
    model_version, governance
        For the packs: which model, and the purpose and legal basis of the use of these records.
    permission
        What run.json says of the permission (`vi_risk.governance.told.about_permission`): the lists tell whom the door
        left out, and are confidential unless the records are nobody's. None of a folder made before there was a door.
    """

    spec: "ModelSpec"
    model: "Model"
    rules: "CaseListRules"
    capacity: int
    prompts: Sequence["Prompt"]
    model_version: str
    governance: str | None = None
    permission: Mapping[str, Any] | None = None

    @property
    def left_out(self) -> dict[str, str]:
        """Rule of the door -> how many people of all practices it left out, as that may be told."""
        told = () if self.permission is None else self.permission["left_out"]
        return {one["rule"]: one["number"] for one in told if one["of"] == "people"}

    @property
    def handling(self) -> str:
        """What stands on every printed page: records for which no purpose had to be said are of nobody who lives."""
        return SYNTHETIC if self.permission is not None and self.permission["purpose"] is None else CONFIDENTIAL

    def lists(
        self,
        scores: pd.DataFrame,
        snapshots: "Snapshots",
        *,
        in_refits: pd.DataFrame | None = None,
        before: "Before | None" = None,
    ) -> Lists:
        """Return the list of each practice, and what is told of networks.

        Cost follows those listed but for a look at everyone scored.

        Parameters
        ----------
        scores
            Of everyone eligible, from `vi_risk.score`.
        in_refits
            The risks of the same people in each refit, one row per patient_id, the index: they say how sure a place
            is. None tells nothing of that.
        before
            What the list before goes by; None tells of none.
        """
        prompts = shown_under(self.rules, self.prompts, snapshots.catalogue)
        read = {*self.rules.columns, *columns_read(snapshots.catalogue), *asked_where_none(prompts)}
        people = people_at_list(scores, snapshots, columns=read)
        besides = read - {*self.rules.columns, *snapshots.cohort}  # what summaries and prompts ask of everyone
        to_rank = people[[name for name in people if name not in besides]]
        ranked = in_order(to_rank, snapshots.practices, rules=self.rules, capacity=self.capacity)
        if in_refits is not None:
            share = share_listed(ranked, in_refits, rules=self.rules, capacity=self.capacity)
            ranked = ranked.assign(listed_in_refits=share.to_numpy())
        listed = on_lists(ranked)
        patients = listed["patient_id"].tolist()
        list_before = None if before is None else self._list_before(snapshots, before)
        unnamed = self.rules.hidden(snapshots.catalogue)
        moved = (
            None
            if before is None
            else what_moved(self.model, _of_people(snapshots, patients), patients, unnamed=unnamed)
        )
        made = case_lists(
            scores,
            snapshots,
            explain(self.model, snapshots, patients, unnamed=unnamed),
            spec=self.spec,
            rules=self.rules,
            capacity=self.capacity,
            model_version=self.model_version,
            refits=None if in_refits is None else in_refits.shape[1],
            prompts=self._prompts(prompts, scores, snapshots, ranked=ranked, everyone=people),
            before=list_before,
            changes=moved,
            summaries=self._summaries(scores, snapshots, people, listed=listed, before=list_before),
            governance=self.governance,
            left_out=self.left_out,
            objecting_here=objectors_in_words(self.permission),
            handling=self.handling,
            ranked=ranked,
        )
        networks = {
            case_list.practice_code: case_list.network for case_list in made if case_list.network and case_list.eligible
        }
        of_networks = self._summaries(
            scores,
            snapshots,
            _joined(people, networks),
            listed=_joined(listed, networks),
            before=None if list_before is None else replace(list_before, listed=_joined(list_before.listed, networks)),
        )
        told = {name: of_one for name, of_one in of_networks.items() if name in {*networks.values()}}
        return Lists(made, list_before, told, lot_of(ranked))

    def practices_without(self, snapshots: "Snapshots") -> dict[str, int]:
        """Return practice_code -> people, of practices outside the trust that have no list."""
        return practices_without_list(snapshots.cohort[snapshots.cohort["role"] == "list"], self.rules)

    def _list_before(self, snapshots: "Snapshots", before: "Before") -> PreviousList:
        day = snapshots.index_dates.previous
        if day is None:
            msg = "before: the snapshots hold no list before. Build them with `previous`, its date."
            raise UsageError(msg)
        if before.listed is not None:
            return PreviousList(day, before.listed)
        assert before.scores is not None  # noqa: S101 - one of both is there
        then = _at_previous(snapshots, self.rules.columns)
        ranked = ranked_people(before.scores, then, rules=self.rules, capacity=self.capacity)
        return PreviousList(day, ranked[ranked["listed"]], made=False)

    def _prompts(
        self,
        prompts: Sequence["Prompt"],
        scores: pd.DataFrame,
        snapshots: "Snapshots",
        *,
        ranked: pd.DataFrame,
        everyone: pd.DataFrame,
    ) -> pd.DataFrame:
        """Return what might be asked of those listed: `PROMPT_COLUMNS`."""
        listed = ranked[ranked["listed"]]
        beside = listed[[name for name in ("patient_id", "listed_in_refits") if name in listed]]
        people = people_at_list(scores.merge(beside, on="patient_id"), snapshots)
        tried = None if snapshots.particulars is None else snapshots.particulars.reviews.drop_duplicates("patient_id")
        return prompts_for(people, prompts, windows=snapshots.windows_on_list, everyone=everyone, tried=tried)

    def _summaries(
        self,
        scores: pd.DataFrame,
        snapshots: "Snapshots",
        people: pd.DataFrame,
        *,
        listed: pd.DataFrame,
        before: PreviousList | None,
    ) -> dict[str, "PracticeSummary"]:
        reviews = None if snapshots.particulars is None else snapshots.particulars.reviews
        return practice_summaries(
            people,
            rules=self.rules,
            catalogue=snapshots.catalogue,
            listed=listed,
            outcome=self.spec.outcome_words,
            windows=snapshots.windows_on_list,
            reviewed=became_of(before, listed, reviews) if before is not None and before.made else None,
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


def _joined(people: pd.DataFrame, networks: Mapping[str, str]) -> pd.DataFrame:
    """Return people as if the practices of a network were one practice by its name; the others stay theirs."""
    practices = people["practice_code"].astype(object)
    return people.assign(practice_code=[networks.get(practice, practice) for practice in practices])


def shown_under(rules: "CaseListRules", prompts: Sequence["Prompt"], catalogue: "Catalogue") -> list["Prompt"]:
    """Return the prompts without those that ask about, or name a value of, what the rules hide: each would tell it."""
    hidden = rules.hidden(catalogue)
    return [prompt for prompt in prompts if hidden.isdisjoint([*prompt.when.columns, *prompt.says])]


def _of_people(snapshots: "Snapshots", patients: Sequence[str]) -> "Snapshots":
    """Return the rows of some people at the dates of both lists, and nothing of anybody else in memory."""
    cohort = snapshots.cohort
    some = replace(
        snapshots,
        cohort=cohort[cohort["role"].isin(["list", "previous"]) & cohort["patient_id"].isin(list(patients))],
        whole_record=None,
    )
    return replace(some, features=some.told([feature.name for feature in snapshots.catalogue.features]))


def _at_previous(snapshots: "Snapshots", columns: Sequence[str]) -> "Snapshots":
    """Return what a list at the date of the list before is made from, with the features that decide who is on it."""
    some = replace(snapshots, cohort=snapshots.cohort[snapshots.cohort["role"] == "previous"])
    of_reviews = [one.name for one in snapshots.catalogue.features if one.definition.table == "mdt_reviews"]
    return replace(some, features=some.told([*dict.fromkeys([*columns, *of_reviews])])).at_previous()
