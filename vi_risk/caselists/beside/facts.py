"""What stands beside a name on the list: chances of other outcomes, how sure the place is, and facts from features."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.caselists.beside.contact_facts import contact_facts, seen_while_in_hospital
from vi_risk.caselists.beside.record_seen import record_of
from vi_risk.caselists.choosing.people import REVIEWED
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.choosing.standing import flags_of
from vi_risk.caselists.wording import is_chance
from vi_risk.cohort.events import KEYS
from vi_risk.features.definition import Feature
from vi_risk.features.sources import CODED_ENTRIES
from vi_risk.models.evidence.already_known import KNOWN_BY, already_known
from vi_risk.reasons.sentences import ago, number, span

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

LAST_ADMISSION, LISTED_IN_REFITS, LEFT_HOSPITAL = "last_emergency_admission", "listed_in_refits", "left_hospital_on"
# Facts in the order of the list; the chances of other outcomes come before them.
ORDER = (
    "certainty", "change", "rank_before", "is_new", "not_already_known", "prompts", "flags",
    "emergency_admissions_12m", "ed_attendances_12m", "emergency_bed_days_12m", LAST_ADMISSION, "last_discharge",
    "long_term_conditions", "frailty", "medicines_90d", "high_risk_medicines", "last_gp_contact", "community_caseload",
    "conditions", "last_review", "last_plan", "last_review_due", "last_outcome", "record", LEFT_HOSPITAL,
)  # fmt: skip

# fact on the list -> the feature that holds it
_NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "emergency_admissions_12m": "emergency_admissions_365d",
        LAST_ADMISSION: "days_since_emergency_admission_730d",
        "ed_attendances_12m": "ed_attendances_365d",
        "emergency_bed_days_12m": "emergency_bed_days_365d",
        "long_term_conditions": "long_term_conditions_1095d",
        "medicines_90d": "medicines_90d",
    }
)
# fact on the list -> the definition whose flags it names
_NAMED: Mapping[str, str] = MappingProxyType({"conditions": "condition", "high_risk_medicines": "prescribed"})
_HOSPITAL_ONLY = "(hospital coding only)"
_FIRST_CHANCES = ("risk_of_death", "risk_3m")
_RANGE = ("risk_low", "risk_high")  # of the chance that the list is ranked by
# Lower ends of the bands of the Hospital Frailty Risk Score (Gilbert 2018, doi 10.1016/S0140-6736(18)30668-8).
_INTERMEDIATE, _HIGH = 5, 15
_HOSPITAL_FRAILTY = "hospital_frailty_score_730d"
_SEVERE, _MODERATE = "severe_frailty_1095d", "moderate_frailty_1095d"
_CASELOAD, _DISTRICT_NURSING = "community_caseload_90d", "district_nursing_90d"
_COMMUNITY_CONTACT = "days_since_community_contact_365d"
_NEW_YET_REVIEWED = "new to the list, reviewed before"


def facts_of(
    listed: pd.DataFrame,
    snapshots: "Snapshots",
    *,
    rules: CaseListRules,
    moves: pd.DataFrame | None = None,
    prompts: pd.DataFrame | None = None,
    refits: int | None = None,
) -> pd.DataFrame:
    """Return the facts of listed people, a column each, in `ORDER`, those that are known.

    Facts look back over the whole record that the date of the list sees (`Snapshots.told_on_list`), which may be more
    than the model saw. One that names a span of time is left out where the records reach back less far. What was not
    seen is missing, never zero: without a GP record the long-term conditions counted, and the conditions named, are
    those that the hospital coded, and the fact says so.

    Parameters
    ----------
    listed
        From `vi_risk.caselists.ranking.choose`.
    moves
        Of the same people (`vi_risk.caselists.choosing.changes.moves_since`); None where there is no list before.
    prompts
        patient_id, role and text; None where none are declared.
    refits
        How many refits listed_in_refits is a share of; None tells it in per cent.
    """
    cohort, features = snapshots.rows("list")
    places = pd.Series(np.arange(len(cohort)), index=cohort["patient_id"]).loc[listed["patient_id"]].tolist()
    names = [str(name) for name in features if name not in KEYS]
    rows = snapshots.told_on_list(names, places).reset_index(drop=True)
    shorter = _of_model(features.iloc[places].reset_index(drop=True), rows, snapshots)
    facts: dict[str, object] = {}
    if LISTED_IN_REFITS in listed:
        facts["certainty"] = _certainty(listed[LISTED_IN_REFITS], refits)
    if moves is not None:
        facts.update(moves)
    # Of everyone, as a way in which nobody at all is known is one that the records cannot tell.
    if known := already_known(snapshots.told_on_list([name for names in KNOWN_BY.values() for name in names])):
        reviewed = listed[REVIEWED].notna().to_numpy()
        facts["not_already_known"] = ~(np.logical_or.reduce(list(known.values()))[places] | reviewed)
    if prompts is not None:
        worded = (prompts["role"] + ": " + prompts["text"]).groupby(prompts["patient_id"]).agg("; ".join)
        # By each, for a table of nobody's prompts has a type of its own.
        facts["prompts"] = [str(worded.get(patient, "")) for patient in listed["patient_id"]]
    facts["flags"] = _flags(listed, snapshots, rules, moves)
    facts |= _from_features(listed, rows, snapshots, rules, shorter=shorter)
    facts |= contact_facts(listed, snapshots)
    facts["record"] = record_of(listed)
    days = listed["index_date"]
    if (days != snapshots.index_dates.list_date).any():  # asked about on the day after a discharge
        facts[LEFT_HOSPITAL] = [day - timedelta(days=1) for day in days]
    chances = sorted(
        (name for name in map(str, listed) if is_chance(name) and name not in _RANGE),
        key=lambda name: _FIRST_CHANCES.index(name) if name in _FIRST_CHANCES else len(_FIRST_CHANCES),
    )
    columns = {name: listed[name] for name in chances} | {name: facts[name] for name in ORDER if name in facts}
    return pd.DataFrame(columns, index=listed.index)


def _flags(listed: pd.DataFrame, snapshots: "Snapshots", rules: CaseListRules, moves: pd.DataFrame | None) -> list[str]:
    """Return what is said beside each name: the standings of the rules, then what a team might read wrongly without."""
    news = np.zeros(len(listed), bool) if moves is None else moves["is_new"].to_numpy(bool)
    known = news & listed[REVIEWED].notna().to_numpy()
    new_yet_reviewed = [_NEW_YET_REVIEWED if both else "" for both in known]
    said = (flags_of(listed, rules.standing), seen_while_in_hospital(listed, snapshots), new_yet_reviewed)
    return ["; ".join(filter(None, of_one)) for of_one in zip(*said, strict=True)]


def _certainty(share: "pd.Series[float]", refits: int | None) -> list[str | None]:
    """Return in how many of the refits each person is on the list."""
    times = [f"{100 * of:.0f} % of the" if refits is None else f"{of * refits:.0f} of {refits}" for of in share]
    return [f"in the list in {so_many} refits" if of >= 0 else None for so_many, of in zip(times, share, strict=True)]


def _from_features(
    listed: pd.DataFrame,
    rows: pd.DataFrame,
    snapshots: "Snapshots",
    rules: CaseListRules,
    *,
    shorter: Mapping[str, Sequence[str]],
) -> dict[str, object]:
    by_name = {feature.name: feature for feature in snapshots.catalogue.features if feature.name in rows}
    windows = snapshots.windows_on_list
    gp_unseen = listed["gp_seen_from"].isna().tolist()
    facts: dict[str, object] = {}
    for fact, name in _NUMBERS.items():
        window = windows.get(name, by_name[name].window) if name in by_name else None
        names_a_span = fact.endswith(("_12m", "_90d"))
        if window is None or (names_a_span and name in windows):
            continue
        if fact == LAST_ADMISSION:
            # Hospital stays are seen for everyone, so that a missing number of days means there was no such stay.
            none = f"none in {span(window)}"
            facts[fact] = [none if pd.isna(days) else ago(round(days)) for days in rows[name]]
        elif by_name[name].definition.table == CODED_ENTRIES:
            facts[fact] = [
                f"{counted:.0f} (hospital)"
                if unseen and pd.notna(counted)
                else f"{counted:.0f}{of_model}"
                if of_model
                else counted
                for counted, unseen, of_model in zip(rows[name], gp_unseen, shorter[name], strict=True)
            ]
        else:
            facts[fact] = rows[name].to_numpy()
    for fact, definition in _NAMED.items():
        flags = [f for f in by_name.values() if f.definition.name == definition and rows[f.name].notna().any()]
        if shown := [flag for flag in flags if not rules.hides(flag)]:
            facts[fact] = _named(rows, shown, gp_unseen)
    facts["frailty"] = _frailty(rows, shorter.get(_HOSPITAL_FRAILTY, [""] * len(rows)))
    if _CASELOAD in rows and rows[_CASELOAD].notna().any():
        facts["community_caseload"] = _caseload(rows)
    return facts


def _of_model(of_model: pd.DataFrame, told: pd.DataFrame, snapshots: "Snapshots") -> dict[str, list[str]]:
    """Return for the facts that reasons tell too what the model saw, in its shorter look-back, "" where it is the same.

    Without it a page gives two numbers for one thing and does not say why.
    """
    found: dict[str, list[str]] = {}
    for name in (_NUMBERS["long_term_conditions"], _HOSPITAL_FRAILTY):
        if name not in told:
            continue
        window = snapshots.windows.get(name)
        found[name] = [
            f" ({number(seen)} in the last {span(window)})" if window is not None and seen < whole else ""
            for seen, whole in zip(of_model[name].astype(float), told[name].astype(float), strict=True)
        ]
    return found


def _named(values: pd.DataFrame, flags: list[Feature], gp_unseen: list[bool]) -> list[str | None]:
    """Name the groups whose flag is set; missing where nothing of them could be seen."""
    from_hospital = flags[0].definition.table == CODED_ENTRIES
    titles = [flag.group_title for flag in flags]
    texts: list[str | None] = []
    for row, unseen in zip(values[[flag.name for flag in flags]].to_numpy(float), gp_unseen, strict=True):
        named = ", ".join(title for title, flag in zip(titles, row, strict=True) if flag > 0)
        if unseen and not from_hospital:
            texts.append(None)
        elif unseen:
            texts.append(f"{named or 'none'} {_HOSPITAL_ONLY}")
        elif np.isnan(row).any():  # the record was seen for a shorter time than is asked about
            texts.append(f"at least: {named}" if named else None)
        else:
            texts.append(named or "none recorded")
    return texts


def _frailty(values: pd.DataFrame, of_model: Sequence[str]) -> list[str | None]:
    """Return how frail each person is by the practice's grade and by the hospital's score; missing if neither is."""
    texts: list[str | None] = []
    scored = values.reindex(columns=[_HOSPITAL_FRAILTY, _SEVERE, _MODERATE]).itertuples(index=False)
    for (score, severe, moderate), shorter in zip(scored, of_model, strict=True):
        # Which of two grades is the later one, the flags do not say: the severer is not to be missed.
        grade = "severe" if severe > 0 else "moderate" if moderate > 0 else ""
        said = [f"{grade}, by the practice"] if grade else []
        if score > 0:
            band = "high" if score > _HIGH else "intermediate" if score >= _INTERMEDIATE else "low"
            said.append(f"hospital score {number(score)}, {band}{shorter}")
        nothing = None if all(map(pd.isna, (score, severe, moderate))) else "none recorded"
        texts.append("; ".join(said) or nothing)
    return texts


def _caseload(values: pd.DataFrame) -> list[str | None]:
    """Return whether community teams have each person on their caseload now, and if none when one last saw them."""
    texts: list[str | None] = []
    columns = [_CASELOAD, _DISTRICT_NURSING, _COMMUNITY_CONTACT]
    for teams, nursing, days in values.reindex(columns=columns).itertuples(index=False):
        if pd.isna(teams):
            texts.append(None)
        elif teams == 0:
            texts.append(f"no; last seen {ago(round(days))}" if days > 0 else "no")
        elif nursing > 0:
            texts.append("district nursing" if teams == 1 else f"{teams:.0f} teams, one of them district nursing")
        else:
            texts.append("1 team" if teams == 1 else f"{teams:.0f} teams")
    return texts
