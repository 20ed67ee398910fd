"""How far the records reach: of one person, of a practice's patients, and of each source."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.caselists.about import (
    AFTER_DISCHARGE,
    SOURCES,
    WHAT_CHANCES_BESIDE_ARE,
    WHAT_NOT_KNOWN_IS,
    WHAT_REFITS_ARE,
)
from vi_risk.caselists.wording import is_chance
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.sentences import span
from vi_risk.records.tables import TABLES

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

_YEAR = 365
_HOSPITAL_FRAILTY = "hospital_frailty_score"
_CONDITIONS = ("condition", "long_term_conditions", _HOSPITAL_FRAILTY)
_THREE_YEARS = timedelta(days=1095)  # so far back conditions are told


def record_of(listed: pd.DataFrame) -> list[str]:
    """Return of each listed person how much of the GP record was seen; the hospital's is seen of everyone."""
    texts = []
    for seen_from, asked in zip(listed["gp_seen_from"], listed["index_date"], strict=True):
        if pd.isna(seen_from):
            texts.append("GP record not seen")
        elif seen_from > asked - _THREE_YEARS:
            texts.append(f"GP record not seen before {date_in_words(seen_from)}")
        else:
            texts.append("GP record seen")
    return texts


def _look_back(snapshots: "Snapshots") -> str | None:
    """Say how far back conditions and frailty are told and how far the model looks, where that is less than declared.

    These are two things: what is told goes by all that the date of the list sees, the model by what all its dates see.
    """
    asked = [feature for feature in snapshots.catalogue.features if feature.definition.name in _CONDITIONS]
    cut = [days for feature in asked if (days := snapshots.windows.get(feature.name)) is not None]
    if not cut:
        return None
    of_model = span(min(cut))
    if snapshots.whole_record is None:
        return (
            f"Conditions and frailty are those recorded in the last {of_model}, as far back as all dates of the model"
            " see; older entries are not counted"
        )
    windows = snapshots.windows_on_list
    look_back = {feature.definition.name: windows.get(feature.name) or feature.window or 0 for feature in asked}
    longest = max(look_back.values())
    shorter = look_back.get(_HOSPITAL_FRAILTY, longest)
    score = f" (the hospital's frailty score: {span(shorter)})" if shorter < longest else ""
    reach = ", as far back as these records go" if any(feature.name in windows for feature in asked) else ""
    return (
        f"Conditions and frailty beside a name are those recorded in the last {span(longest)}{score}{reach}; the chance"
        f" and its reasons know those of the last {of_model} alone, as far back as all dates of the model see, and may"
        " count fewer"
    )


def data_seen(snapshots: "Snapshots", people: pd.DataFrame) -> dict[str, date]:
    """Return the last day seen of each source for one practice: of its own tables only if it is part of the trust."""
    own_seen = people["gp_seen_from"].notna().any()
    return {
        table: day
        for table, day in snapshots.data_to.items()
        if table in SOURCES and (own_seen or TABLES[table].held_by != "practice")
    }


def notes_for(snapshots: "Snapshots", people: pd.DataFrame, facts: pd.DataFrame) -> tuple[str, ...]:
    """Say what of this practice's patients was not seen; how the records were cut to equal length is the card's.

    Parameters
    ----------
    people
        Of the practice, listed or not: gp_seen_from.
    facts
        Those beside the names on its list, some of which need a note.
    """
    absent = [SOURCES[table] for table in SOURCES if table in TABLES and table not in snapshots.data_to]
    notes = [f"Not in these records, so not seen: {', '.join(absent)}"] if absent else []
    seen_from = people["gp_seen_from"].dropna()
    joined = seen_from.min() if len(seen_from) else None
    if joined is None and len(people):
        notes.insert(
            0,
            "The GP record is not seen: this practice is not part of the trust."
            " Conditions are those that the hospital coded, and medicines are not known",
        )
    elif joined is not None and (snapshots.index_dates.list_date - joined).days < _YEAR:
        day = date_in_words(joined)
        notes.insert(0, f"The GP record is seen from {day} only, when the practice joined the trust")
    if (look_back := _look_back(snapshots)) is not None:
        notes.append(look_back)
    if any(is_chance(str(column)) for column in facts):
        notes.append(WHAT_CHANCES_BESIDE_ARE)
    if "certainty" in facts:
        notes.append(WHAT_REFITS_ARE)
    if "not_already_known" in facts:
        notes.append(WHAT_NOT_KNOWN_IS)
    if "left_hospital_on" in facts:
        notes.append(AFTER_DISCHARGE)
    return tuple(notes)
