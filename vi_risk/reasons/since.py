"""Since the list before: the emergency admissions and A&E attendances there were, whatever a model weighed of them."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from vi_risk.features.definition import Feature
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.themes import Member

if TYPE_CHECKING:
    from vi_risk.models.snapshots import Snapshots

_AT_ED = "ed_attendances"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """What happened to one person from the date of the list before on.

    Attributes
    ----------
    told
        Text -> the feature that stands for it when the rules of a list hide one.
    themes
        Of features, of which these texts say all that there is to say.
    """

    told: dict[str, str]
    themes: frozenset[tuple[str, str | None]]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """The features that tell of emergency admissions and A&E attendances."""

    last: Member | None
    counts: tuple[Member, ...]  # of emergency admissions, shortest look-back first
    at_ed: Feature | None


def events_since(
    snapshots: "Snapshots", people: pd.DataFrame, features: pd.DataFrame, before: pd.DataFrame
) -> list[Events]:
    """Return what happened to each person since the list before, in the order of the rows.

    Emergency admissions are those of the features, which tell them from planned ones: the day of the last, and how many
    in look-backs that begin about the date of the list before, or in those of both dates. Where they leave open whether
    a stay was planned, the number is "at least". A&E attendances are days of the contacts, without those that ended in
    a stay that is told of.

    Parameters
    ----------
    people, features, before
        Rows of the list date, one per person: patient_id and index_date; the features of the same rows, and what these
        were at the list before, missing of someone who was not eligible then.
    """
    previous = snapshots.index_dates.previous
    assert previous is not None  # noqa: S101 - asked of those who have a list before
    read = _read(snapshots, features)
    names = [one.feature.name for one in (read.last, *read.counts) if one is not None]
    now, then = features[names], before[names]
    stays, at_ed = _days(snapshots, people, "admission"), _days(snapshots, people, "ed")
    found = []
    for place, (patient, day) in enumerate(zip(people["patient_id"], people["index_date"], strict=True)):
        began = [one for one in stays.get(patient, []) if previous <= one < day]
        attended = [one for one in at_ed.get(patient, []) if previous <= one < day]
        told: dict[str, str] = {}
        themes = set()
        emergencies = _emergencies(read, now.iloc[place], then.iloc[place], began, since=previous, until=day)
        if emergencies:
            assert read.last is not None  # noqa: S101 - the day of the last was read from it
            told[emergencies] = read.last.feature.name
            themes.add(read.last.feature.theme)
            attended = [one for one in attended if one not in began and one + _DAY not in began]
        if attended:
            other = "other " if emergencies else ""
            number = f"{len(attended)} {other}A&E attendance{'' if len(attended) == 1 else 's'}"
            text = _dated(number, attended[-1], previous, several=len(attended) > 1)
            told[text] = "" if read.at_ed is None else read.at_ed.name
        if told and read.at_ed is not None:
            themes.add(read.at_ed.theme)
        found.append(Events(told, frozenset(themes)))
    return found


def _emergencies(
    read: _Read, row: "pd.Series[float]", then: "pd.Series[float]", began: Sequence[date], *, since: date, until: date
) -> str:
    """Return how many emergency admissions there were and when the last was; "" where there was none."""
    last = math.nan if read.last is None else float(row[read.last.feature.name])
    days = (until - since).days
    if math.isnan(last) or last > days:
        return ""
    within = [count for count in read.counts if (count.window or 0) <= days]
    beyond = [float(row[count.feature.name]) for count in read.counts if (count.window or 0) >= days]
    counted = float(row[within[-1].feature.name]) if within else 0.0
    from_there = until - timedelta(days=within[-1].window or 0) if within else until
    either = sum(one < from_there for one in began) if began else math.inf
    most = max(1.0, min([counted + either, *beyond]))
    # Of those in the last half year, what is not among those of the three months before the list before came after it.
    later = [
        float(row[one.feature.name] - then[other.feature.name])
        for one, other in itertools.product(read.counts, repeat=2)
        if (one.window or 0) - days <= (other.window or 0)
    ]
    least = min(most, max([1.0, counted, *(number for number in later if not math.isnan(number))]))
    at_least = "" if least == most else "at least "
    number = f"{at_least}{least:.0f} emergency admission{'' if least == 1 else 's'}"
    return _dated(number, until - timedelta(days=round(last)), since, several=most > 1)


def _dated(number: str, last: date, since: date, *, several: bool) -> str:
    on = date_in_words(last) if last.year != since.year else f"{last.day} {last:%B}"
    return f"{number} since {date_in_words(since)}, {'the last ' if several else ''}on {on}"


def _read(snapshots: "Snapshots", values: pd.DataFrame) -> _Read:
    features = [one for one in snapshots.catalogue.features if one.name in values]
    members = [Member(0, one, snapshots.windows.get(one.name, one.window)) for one in features]
    of_emergencies = [member for member in members if member.is_of_emergency_admissions]
    counts = [member for member in of_emergencies if member.is_count]
    return _Read(
        next((member for member in of_emergencies if member.is_last_day), None),
        tuple(sorted(counts, key=lambda member: member.window or 0)),
        next((one for one in features if one.definition.table == _AT_ED and one.definition.measure == "count"), None),
    )


def _days(snapshots: "Snapshots", people: pd.DataFrame, setting: str) -> dict[str, list[date]]:
    """Return patient_id -> the days on which a setting saw them, or a stay began, in order."""
    if snapshots.particulars is None:
        return {}
    contacts = snapshots.particulars.contacts
    rows = contacts[(contacts["setting"] == setting) & contacts["patient_id"].isin(people["patient_id"])]
    days: dict[str, list[date]] = {}
    for patient, day in zip(rows["patient_id"], pd.to_datetime(rows["began_on"]).dt.date, strict=True):
        days.setdefault(str(patient), []).append(day)
    return {patient: sorted(set(of_one)) for patient, of_one in days.items()}
