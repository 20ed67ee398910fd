"""The list of a network: everyone on the lists of its practices in one order, for a meeting of the network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from vi_risk.caselists.choosing.changes import PreviousList, moves_since
from vi_risk.caselists.lists import LEADING_COLUMNS, CaseList, ListAbout
from vi_risk.caselists.practice.practice_summary import PracticeSummary

PRACTICE_NAME, PLACE_THERE = "practice_name", "practice_rank"
OF_PRACTICES = (
    "Places last time are those on the practices' own lists, as there was no list of this network then to compare with"
)
_FRAMES = ("said", "prompts", "changes", "contacts", "excluded", "left")
_MOVED = ("change", "rank_before", "is_new")
_ORDER = {True: {"risk": False, "rank": True}, False: {"rank": True, "risk": False}}  # column -> whether it ascends


@dataclass(frozen=True, slots=True, eq=False)
class NetworkList:
    """The list of a network, and the lists of its practices that it was joined from, by practice_code."""

    case_list: CaseList
    practices: tuple[CaseList, ...]


def network_lists(
    lists: Sequence[CaseList],
    *,
    moved_places: int = 1,
    before: PreviousList | None = None,
    summaries: Mapping[str, PracticeSummary] | None = None,
) -> list[NetworkList]:
    """Return one list for each network with people on the lists of two practices or more, by name of the network.

    The order is that of the risk, then of the rank in the practice, then of the practice's code; where the practices'
    lists go by something else than the risk, the rank in the practice comes first. Who is listed was decided by the
    places of the practices or of the network; nobody is added and nobody left out here.

    Parameters
    ----------
    moved_places
        Who moved by fewer places is told as the same.
    before
        The list before, of all practices. Put in the same order, it says who is new to the network's list, who moved
        and who left. Without it, or where no two of a network's practices had a list then, a place before is one on the
        practice's own list, and said so.
    summaries
        Network -> its people in one view.
    """
    by_network: dict[str, list[CaseList]] = {}
    for case_list in sorted(lists, key=lambda each: each.practice_code):
        if case_list.network:
            by_network.setdefault(case_list.network, []).append(case_list)
    return [
        NetworkList(
            _joined(
                network,
                members,
                before=_before(network, members, before),
                moved_places=moved_places,
                summary=(summaries or {}).get(network),
            ),
            tuple(members),
        )
        for network, members in sorted(by_network.items())
        if sum(1 for member in members if len(member.table)) > 1
    ]


def _joined(
    network: str,
    members: Sequence[CaseList],
    *,
    before: PreviousList | None,
    moved_places: int,
    summary: PracticeSummary | None,
) -> CaseList:
    filled = [member for member in members if len(member.table)]
    rows = [member.table.astype(object).assign(**{PRACTICE_NAME: member.title}) for member in filled]
    table = _ordered(pd.concat(rows, ignore_index=True))
    place = len(LEADING_COLUMNS)
    table.insert(place, PLACE_THERE, table["rank"])
    table.insert(place, PRACTICE_NAME, table.pop(PRACTICE_NAME))
    table["rank"] = range(1, len(table) + 1)
    table["risk"] = table["risk"].astype(float)
    frames = {name: _frame(name, members) for name in _FRAMES}
    # Who moved from one of the practices to another has left a list, but not the network's.
    left = frames["left"]
    left = left[~left["patient_id"].isin(table["patient_id"])]
    about = _about(members)
    if before is not None:
        moves = moves_since(table.assign(practice_code=network), before, moved_places=moved_places)
        table = table.assign(**{name: moves[name].astype(object) for name in _MOVED if name in table})
        ranks = before.listed.set_index("patient_id")["rank"]
        left = left.assign(rank_before=left["patient_id"].map(ranks).fillna(left["rank_before"]))
        left = left.sort_values("rank_before", kind="stable")
    elif "change" in table:
        table = _moves_there(table)
        about = replace(about, notes=(OF_PRACTICES, *about.notes))
    frames["left"] = left.reset_index(drop=True)
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
        about=about,
        excluded_counts=counts,
        usual=members[0].usual,
        summary=summary,
        **frames,
    )


def _ordered(people: pd.DataFrame) -> pd.DataFrame:
    """Return people of several lists in one order; a list goes by the risk where nobody has more than who is above."""
    in_place = people.sort_values(["practice_code", "rank"])
    by_risk = all(rows["risk"].is_monotonic_decreasing for _, rows in in_place.groupby("practice_code"))
    order = {**_ORDER[by_risk], "practice_code": True}
    return people.sort_values(list(order), ascending=list(order.values()), ignore_index=True)


def _before(network: str, members: Sequence[CaseList], before: PreviousList | None) -> PreviousList | None:
    """Return the list before of the network, in its order; None where two practices or more did not have one."""
    if before is None:
        return None
    codes = [member.practice_code for member in members]
    then = before.listed[before.listed["practice_code"].isin(codes)]
    if then["practice_code"].nunique() < 2:
        return None
    then = _ordered(then.astype({"practice_code": object}))
    return replace(before, listed=then.assign(practice_code=network, rank=range(1, len(then) + 1)))


def _moves_there(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with places before told as those on the practices' lists: they are none on this one."""
    change = table["change"].astype(str)
    moved = change.str.fullmatch("same|from .*")
    return table.assign(change=change.mask(moved, change + " on the practice's list")).drop(columns="rank_before")


def _frame(name: str, members: Sequence[CaseList]) -> pd.DataFrame:
    """Return what stands beside the lists of all practices; why someone is on none goes with the practice."""
    frames: list[pd.DataFrame] = [getattr(member, name) for member in members]
    why = {"excluded": "reason", "left": "why"}.get(name)
    if why is not None:
        frames = [
            frame.assign(**{why: [f"{text} ({member.title})" for text in frame[why]]})
            for frame, member in zip(frames, members, strict=True)
        ]
    return pd.concat(frames, ignore_index=True)


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
