"""What stands beside a name on the list: chances of other outcomes, how sure the place is, and facts from features."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vi_risk.caselists.beside.contact_facts import contact_facts
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
    "conditions", "last_review", "last_plan", "last_review_due", "record", LEFT_HOSPITAL,
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
_GRADES = (("severe", "severe_frailty_1095d"), ("moderate", "moderate_frailty_1095d"))
_CASELOAD, _DISTRICT_NURSING = "community_caseload_90d", "district_nursing_90d"


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
        facts["prompts"] = listed["patient_id"].map(worded).fillna("")
    facts["flags"] = flags_of(listed, rules.standing)
    facts |= _from_features(listed, rows, snapshots, rules)
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


def _certainty(share: "pd.Series[float]", refits: int | None) -> list[str | None]:
    """Return in how many of the refits each person is on the list."""
    times = [f"{100 * of:.0f} % of the" if refits is None else f"{of * refits:.0f} of {refits}" for of in share]
    return [f"in the list in {so_many} refits" if of >= 0 else None for so_many, of in zip(times, share, strict=True)]


def _from_features(
    listed: pd.DataFrame, rows: pd.DataFrame, snapshots: "Snapshots", rules: CaseListRules
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
                f"{counted:.0f} (hospital)" if unseen and pd.notna(counted) else counted
                for counted, unseen in zip(rows[name], gp_unseen, strict=True)
            ]
        else:
            facts[fact] = rows[name].to_numpy()
    for fact, definition in _NAMED.items():
        flags = [f for f in by_name.values() if f.definition.name == definition and rows[f.name].notna().any()]
        if shown := [flag for flag in flags if not rules.hides(flag)]:
            facts[fact] = _named(rows, shown, gp_unseen)
    facts["frailty"] = _frailty(rows)
    if _CASELOAD in rows and rows[_CASELOAD].notna().any():
        facts["community_caseload"] = _caseload(rows)
    return facts


def _named(values: pd.DataFrame, flags: list[Feature], gp_unseen: list[bool]) -> list[str | None]:
    """Name the groups whose flag is set; missing where nothing of them could be seen."""
    from_hospital = flags[0].definition.table == CODED_ENTRIES
    titles = [flag.group_title for flag in flags]
    texts: list[str | None] = []
    for row, unseen in zip(values[[flag.name for flag in flags]].to_numpy(), gp_unseen, strict=True):
        named = ", ".join(title for title, flag in zip(titles, row, strict=True) if flag > 0)
        if unseen and not from_hospital:
            texts.append(None)
        elif unseen:
            texts.append(f"{named or 'none'} {_HOSPITAL_ONLY}")
        else:
            texts.append(named or "none recorded")
    return texts


def _frailty(values: pd.DataFrame) -> list[str | None]:
    """Return how frail each person is by the practice's grade and by the hospital's score; missing if neither is."""
    names = (_HOSPITAL_FRAILTY, *(name for _, name in _GRADES))
    texts: list[str | None] = []
    for score, *graded in values.reindex(columns=list(names)).itertuples(index=False):
        # Which of two grades is the later one, the flags do not say.
        grades = [word for (word, _), flag in zip(_GRADES, graded, strict=True) if flag > 0]
        both = "both recorded " if len(grades) > 1 else ""
        said = [f"{' and '.join(grades)}, {both}by the practice"] if grades else []
        if score > 0:
            band = "high" if score > _HIGH else "intermediate" if score >= _INTERMEDIATE else "low"
            said.append(f"hospital score {number(score)}, {band}")
        nothing = None if pd.isna(score) and all(map(pd.isna, graded)) else "none recorded"
        texts.append("; ".join(said) or nothing)
    return texts


def _caseload(values: pd.DataFrame) -> list[str | None]:
    """Return whether community teams have each person on their caseload now."""
    texts: list[str | None] = []
    for teams, nursing in values.reindex(columns=[_CASELOAD, _DISTRICT_NURSING]).itertuples(index=False):
        if pd.isna(teams):
            texts.append(None)
        elif teams == 0:
            texts.append("no")
        elif nursing > 0:
            texts.append("district nursing" if teams == 1 else f"{teams:.0f} teams, one of them district nursing")
        else:
            texts.append("1 team" if teams == 1 else f"{teams:.0f} teams")
    return texts
