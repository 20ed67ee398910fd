"""The list of a network: everyone on the lists of its practices in one order, for a meeting of the network."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from vi_risk.caselists.lists import LEADING_COLUMNS, CaseList, ListAbout

PLACE_THERE = "practice_rank"
_FRAMES = ("said", "prompts", "changes", "contacts", "excluded", "left")


def network_lists(lists: Sequence[CaseList]) -> list[CaseList]:
    """Return one list for each network with people on the lists of two practices or more, by name of the network.

    The order is that of the risk, then of the rank in the practice, then of the practice's code; where the practices'
    lists go by something else than the risk, the rank in the practice comes first. Who is listed was decided by the
    places of the practices or of the network; nobody is added and nobody left out here. A place before is one on the
    practice's list, and said so.
    """
    by_network: dict[str, list[CaseList]] = {}
    for case_list in sorted(lists, key=lambda each: each.practice_code):
        if case_list.network:
            by_network.setdefault(case_list.network, []).append(case_list)
    return [
        _joined(network, members)
        for network, members in sorted(by_network.items())
        if sum(1 for member in members if len(member.table)) > 1
    ]


def _joined(network: str, members: Sequence[CaseList]) -> CaseList:
    filled = [member for member in members if len(member.table)]
    by_risk = all(member.table["risk"].is_monotonic_decreasing for member in filled)
    order = ["risk", "rank", "practice_code"] if by_risk else ["rank", "risk", "practice_code"]
    table = pd.concat([member.table.astype(object) for member in filled], ignore_index=True)
    table = table.sort_values(order, ascending=[column != "risk" for column in order], ignore_index=True)
    table.insert(len(LEADING_COLUMNS), PLACE_THERE, table["rank"])
    table["rank"] = range(1, len(table) + 1)
    if "change" in table:
        moved = table["change"].astype(str).str.fullmatch("same|from .*")
        table.loc[moved, "change"] = table.loc[moved, "change"].astype(str) + " on the practice's list"
    table = table.drop(columns="rank_before", errors="ignore")
    table["risk"] = table["risk"].astype(float)
    frames = {name: pd.concat([getattr(member, name) for member in members], ignore_index=True) for name in _FRAMES}
    # Who moved from one of the practices to another has left a list, but not the network's.
    frames["left"] = frames["left"][~frames["left"]["patient_id"].isin(table["patient_id"])].reset_index(drop=True)
    counts: dict[str, int] = {}
    for member in members:
        for reason, people in member.excluded_counts.items():
            counts[reason] = counts.get(reason, 0) + people
    return CaseList(
        practice_code=network,
        practice_name=None,
        network=network,
        table=table,
        eligible=sum(member.eligible for member in members),
        about=_about(members),
        excluded_counts=counts,
        **frames,
    )


def _about(members: Sequence[CaseList]) -> ListAbout:
    """Return what holds for all: a source reaches as far as in the practice where it ends first."""
    abouts = [member.about for member in members]
    reach: dict[str, date] = {}
    for source in abouts[0].data_to:
        days = [about.data_to.get(source) for about in abouts]
        known = [day for day in days if day is not None]
        if len(known) == len(days):
            reach[source] = min(known)
    practices = ", ".join(member.title for member in members)
    return replace(
        abouts[0],
        data_to=reach,
        notes=(f"The lists of {practices} in one order", *_notes(members)),
        capacity=sum(len(member.table) for member in members),
        places=abouts[0].places and f"Those of the practices: {abouts[0].places}",
    )


def _notes(members: Sequence[CaseList]) -> Iterable[str]:
    """Yield the notes of all practices once, and those of some with their names."""
    every = {
        note: [member.title for member in members if note in member.about.notes]
        for m in members
        for note in m.about.notes
    }
    for note, titles in every.items():
        yield note if len(titles) == len(members) else f"{', '.join(titles)}: {note}"
