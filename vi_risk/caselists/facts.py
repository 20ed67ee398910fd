"""What stands beside a name on the list: facts from the features, and what of this practice's patients was not seen."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.wording import (
    AFTER_DISCHARGE,
    SOURCES,
    WHAT_CHANCES_BESIDE_ARE,
    WHAT_REFITS_ARE,
    is_chance,
)
from vi_risk.features.definition import Feature
from vi_risk.features.sources import CODED_ENTRIES
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.sentences import ago, span
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

LAST_ADMISSION, IN_HOSPITAL, LISTED_IN_REFITS = "last_emergency_admission", "in_hospital_now", "listed_in_refits"
LEFT_HOSPITAL = "left_hospital_on"

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
_YEAR = 365
_HOSPITAL_ONLY = "(hospital coding only)"
_RANGE = ("risk_low", "risk_high")  # of the chance that the list is ranked by


def facts_of(listed: pd.DataFrame, snapshots: "Snapshots") -> pd.DataFrame:
    """Return the facts of listed people, a column each: the chances of other outcomes that were scored come first.

    A fact that names a span of time is left out where the records reach back less far. What was not seen is missing,
    never zero: without a GP record the long-term conditions counted, and the conditions named, are those that the
    hospital coded, and the fact says so.
    """
    _, features = snapshots.rows("list")
    values = listed[["patient_id"]].merge(features, on="patient_id", how="left", validate="one_to_one")
    by_name = {feature.name: feature for feature in snapshots.catalogue.features}
    gp_unseen = listed["gp_seen_from"].isna().tolist()
    beside = [name for name in listed.columns if name == LISTED_IN_REFITS or (is_chance(name) and name not in _RANGE)]
    facts = listed[sorted(beside, key=lambda name: name == LISTED_IN_REFITS)].copy()
    days = listed.get("index_date")
    if days is not None and (days != snapshots.index_dates.list_date).any():  # asked about on the day after a discharge
        facts[LEFT_HOSPITAL] = [day - timedelta(days=1) for day in days]
    for fact, name in _NUMBERS.items():
        window = snapshots.windows.get(name, by_name[name].window) if name in by_name else None
        names_a_span = fact.endswith(("_12m", "_90d"))
        if window is None or (names_a_span and name in snapshots.windows):
            continue
        if fact == LAST_ADMISSION:
            # Hospital stays are seen for everyone, so that a missing number of days means there was no such stay.
            none = f"none in {span(window)}"
            facts[fact] = [none if pd.isna(days) else ago(round(days)) for days in values[name]]
        elif by_name[name].definition.table == CODED_ENTRIES:
            facts[fact] = [
                f"{number:.0f} (hospital)" if unseen and pd.notna(number) else number
                for number, unseen in zip(values[name], gp_unseen, strict=True)
            ]
        else:
            facts[fact] = values[name]
    for fact, definition in _NAMED.items():
        flags = [f for f in by_name.values() if f.definition.name == definition and values[f.name].notna().any()]
        if flags:
            facts[fact] = _named(values, flags, gp_unseen)
    facts[IN_HOSPITAL] = listed["in_hospital"].map({True: "yes", False: "no"})
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


def data_seen(snapshots: "Snapshots", rows: pd.DataFrame) -> dict[str, date]:
    """Return the last day seen of each source for one practice: of its own tables only if it is part of the trust."""
    own_seen = rows["gp_seen_from"].notna().any()
    return {
        table: day
        for table, day in snapshots.data_to.items()
        if table in SOURCES and (own_seen or TABLES[table].held_by != "practice")
    }


def notes_for(snapshots: "Snapshots", rows: pd.DataFrame) -> tuple[str, ...]:
    """Say what of this practice's patients was not seen; how the records were cut to equal length is the card's."""
    absent = [SOURCES[table] for table in SOURCES if table in TABLES and table not in snapshots.data_to]
    notes = [f"Not in these records, so not seen: {', '.join(absent)}"] if absent else []
    seen_from = rows["gp_seen_from"].iloc[0]
    if pd.isna(seen_from):
        notes.insert(
            0,
            "The GP record is not seen: this practice is not part of the trust."
            " Conditions are those that the hospital coded, and medicines are not known",
        )
    elif (snapshots.index_dates.list_date - seen_from).days < _YEAR:
        joined = date_in_words(seen_from)
        notes.insert(0, f"The GP record is seen from {joined} only, when the practice joined the trust")
    if any(is_chance(str(column)) and column not in _RANGE for column in rows):
        notes.append(WHAT_CHANCES_BESIDE_ARE)
    if LISTED_IN_REFITS in rows:
        notes.append(WHAT_REFITS_ARE)
    if LEFT_HOSPITAL in rows:
        notes.append(AFTER_DISCHARGE)
    return tuple(notes)
