"""What moved: the two or three reasons by which a person's risk changed since the list before."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vi_risk.errors import UsageError
from vi_risk.features.definition import GROUPED_MEASURES
from vi_risk.features.sources import CODED_ENTRIES, CONTACTS
from vi_risk.models.templates import date_in_words
from vi_risk.reasons.apart import is_administrative
from vi_risk.reasons.headlines import MOST_NAMED
from vi_risk.reasons.normal import normal_for
from vi_risk.reasons.sentences import (
    ago,
    fewer_or_more,
    listed,
    number,
    percent,
    sentence,
    span,
)
from vi_risk.reasons.since import Events, events_since
from vi_risk.reasons.themes import Member, Theme, Themes, themes_of, usual_window, without_sums

if TYPE_CHECKING:
    from vi_risk.models.on_snapshots import Model
    from vi_risk.models.snapshots import Snapshots

MOST_MOVED = 3
# On the log-odds scale: about five in a hundred of the odds. Less comes of a birthday or a window that moved on.
WORTH_SAYING = 0.05
# A count moved if by so much of what it is or was: three appointments more are news after two, not after forty.
_NOTABLE_SHARE = 0.2
# One more of these is news, one of anything else is chance; that there was one fewer is time that went by.
_NEWS = ("admissions", "spells", "ed_attendances", "diagnoses", CODED_ENTRIES)
# A count of fewer days than this falls soon after anything, and says little of how someone fares.
_HALF_A_YEAR = 180

_COUNTED = ("count", "distinct", "groups", "bed_days", "sum")
_YES_OR_NO = ("any", "is", "latest_is", "group_flags")
_TOLD_BY_THEIR_VALUES = ("latest", "share", "value", "maximum")
# Of these the events or conditions are told that made them move, not the number that they make up.
_MADE_UP = ("points", "mean", "rise")
# Nobody says of a record that it holds more kinds of diagnosis, or of a person that more settings have seen them.
_KINDS = ("diagnoses", CONTACTS)
# What holds of a person until it is ended, so that its end is news and no matter of time that went by.
_STATES = ("prescriptions", "patients")

Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class _Then:
    """One person at both dates: values, and how much more each feature adds now; all in the order of the features."""

    now: Floats
    before: Floats
    moved: Floats
    sex: str
    at: str  # the earlier date in words
    days: int  # since then
    unnamed: Collection[str]


def what_moved(
    model: "Model", snapshots: "Snapshots", patients: Sequence[str], *, unnamed: Collection[str] = ()
) -> pd.DataFrame:
    """Return what happened to some patients since the list before, and then what changed their risk.

    First stand the emergency admissions and A&E attendances since then (`vi_risk.reasons.since`), whatever the model
    made of them. The same model looks at both dates. Told are the themes whose contributions moved most the way that
    the risk as a whole moved: up for those who rose, down for those who fell. A score or a number of conditions is told
    by what made it move: the conditions that are new. That time went by is told of stays in hospital alone, and of
    nobody that something was not coded again.

    Parameters
    ----------
    unnamed
        Names of features that are not named where others are counted: those that the rules of a list hide.

    Returns
    -------
    DataFrame
        patient_id, text and feature (the one that the text tells of): up to three rows per patient, what happened
        first and then what moved most, patients in the order given. That someone was not eligible at the earlier
        date is a row of no feature (""), and so is that no change stands out.

    Raises
    ------
    UsageError
        The snapshots hold no earlier date, or a patient is not eligible at the date of the list.
    """
    previous = snapshots.index_dates.previous
    if previous is None:
        msg = "what moved: the snapshots hold no list before. Build features with the date of one: previous=date(...)."
        raise UsageError(msg)
    (people, now), (people_before, before) = snapshots.rows("list"), snapshots.rows("previous")
    asked = pd.Index(patients)
    here = pd.Index(people["patient_id"]).get_indexer(asked)
    if unknown := int((here < 0).sum()):
        msg = f"what moved: {unknown} of {len(here)} patients are not eligible at {snapshots.index_dates.list_date}."
        raise UsageError(f"{msg} Ask for people whom `score` gave a risk.")
    there = pd.Index(people_before["patient_id"]).get_indexer(asked)
    names = list(model.feature_name_)
    by_name = {feature.name: feature for feature in snapshots.catalogue.features}
    themes = themes_of([by_name[name] for name in names], snapshots.windows)
    of_asked = before.set_axis(people_before["patient_id"]).reindex(asked)  # missing of those not eligible then
    happened = events_since(snapshots, people.iloc[here], now.iloc[here], of_asked)
    now, before = now.iloc[here[there >= 0]], before.iloc[there[there >= 0]]
    moved = model.contributions(now)[names].to_numpy() - model.contributions(before)[names].to_numpy()
    values, values_before = now[names].to_numpy(dtype=float), before[names].to_numpy(dtype=float)
    sexes = people["sex"].astype("string").fillna("").to_numpy(dtype=object)[here]
    at, row, days = date_in_words(previous), 0, (snapshots.index_dates.list_date - previous).days
    told: list[tuple[str, str, str]] = []
    for place, patient_id in enumerate(patients):
        texts = dict(happened[place].told)
        if there[place] < 0:
            texts[f"not among the people asked about on {at}"] = ""
            told += [(patient_id, text, feature) for text, feature in texts.items()]
            continue
        then = _Then(values[row], values_before[row], moved[row], str(sexes[place]), at, days, unnamed)
        texts = _texts(then, themes, happened[place]) or {f"no single change stands out since {at}": ""}
        told += [(patient_id, text, feature) for text, feature in texts.items()]
        row += 1
    return pd.DataFrame(told, columns=["patient_id", "text", "feature"])


def _texts(then: _Then, themes: Themes, happened: Events) -> dict[str, str]:
    """Return text -> the feature that it tells of: what happened, then what moved most first."""
    way = 1.0 if then.moved.sum() >= 0 else -1.0
    texts = dict(happened.told)
    days: list[float] = []  # of visits to hospital told of
    named: set[str] = set()  # features whose groups were named
    for theme in without_sums(themes.ordered(way * then.moved, least=WORTH_SAYING)):
        if theme.members[0].feature.name in named or theme.members[0].feature.theme in happened.themes:
            continue
        new = _new(then, theme) if way > 0 else []
        named |= {flag.feature.name for flag in new}
        text, feature = _names(then, new) if new else next(_of_theme(then, theme, way, days), ("", ""))
        if text and len(texts) < MOST_MOVED:
            texts.setdefault(text, feature)
    return texts


def _of_theme(then: _Then, theme: Theme, way: float, days: list[float]) -> Iterator[tuple[str, str]]:
    """Yield what can be said of a theme and of which feature, best first: its headline, then whatever moved most."""
    headline = [usual_window(theme.headline)] if theme.headline else []
    others = sorted(theme.members, key=lambda member: -way * then.moved[member.place])
    moved = [member for member in others if way * then.moved[member.place] > 0]
    for member in [*headline, *moved]:
        if _only_falls(then, theme, member):
            continue
        # How appointments divide is no news where their number is none.
        if headline and member.definition.direction == "none" and member.definition is not headline[0].definition:
            continue
        if text := _text(then, member, way):
            yield text + _last(then, theme, member, days), member.feature.name


def _new(then: _Then, theme: Theme) -> list[Member]:
    """Return what is new of the conditions, or medicines, that a theme counts or flags; what adds most first."""
    first = theme.members[0]
    flags = theme.named_by or ((first,) if first.definition.measure == "group_flags" else ())
    new = [
        flag
        for flag in flags
        if then.now[flag.place] > 0 and then.before[flag.place] == 0 and flag.feature.name not in then.unnamed
    ]
    return sorted(new, key=lambda flag: -then.moved[flag.place])[:MOST_NAMED]


def _names(then: _Then, new: Sequence[Member]) -> tuple[str, str]:
    """Return which they are in words, and the feature of the first.

    What was not seen in the look-back before may have been known for years: it is not called new.
    """
    first = new[0]
    names = listed([flag.feature.group_title for flag in new])
    verb = "issued" if first.definition.table == "prescriptions" else "recorded"
    return f"{names}, {verb} since {then.at} and not in the {span(first.window)} before", first.feature.name


def _text(then: _Then, member: Member, way: float) -> str:
    """Return the words for what a feature was and is; "" where there are none, or where they gainsay the risk."""
    now, before = float(then.now[member.place]), float(then.before[member.place])
    definition = member.definition
    if definition.reason_missing and math.isnan(now) != math.isnan(before):
        if definition.source.held_by != "practice":
            return ""
        return f"GP record not seen, as it was at {then.at}" if math.isnan(now) else f"GP record not seen at {then.at}"
    if math.isnan(now) or now == before or _is_made_up(member) or is_administrative(member):
        return ""
    if member.is_last_day and now > before:
        return _none_since(then, member, now, before) if way < 0 and member.is_of_hospital_visit else ""
    if definition.direction != "none":
        rises = -1.0 if definition.direction == "down" else 1.0
        if not math.isnan(before) and way * rises * (now - before) < 0:
            return ""
    if definition.measure in _YES_OR_NO or definition.at_least is not None:
        return _yes_or_no(then, member, now)
    if definition.measure in _COUNTED and not math.isnan(before):
        # No longer coded lately is not no longer there.
        return "" if definition.measure in GROUPED_MEASURES and now < before else _of_count(then, member, now, before)
    normal = normal_for(definition, then.sex)
    if normal is not None and (abs(now - before) < normal.notable or (way > 0 and normal.judge(now) == "normal")):
        return ""
    said = sentence(member.feature, now, member.window)
    was = _was(member, before)
    return f"{said} (at {then.at}: {was})" if said and was and was != _was(member, now) else ""


def _only_falls(then: _Then, theme: Theme, member: Member) -> bool:
    """Return whether a count fell as time went by, which is no news: of prescriptions, or where there was one since.

    Two admissions in the 90 days before the list before and one after it are no "1 fewer": there was one more.
    """
    now, before, last = then.now[member.place], then.before[member.place], theme.last_day(member)
    if not member.is_count or not now < before:
        return False
    if member.definition.table == "prescriptions":
        return True
    if member.window is None or member.window >= _HALF_A_YEAR:
        return False
    return bool(now > 0 or last is None or then.now[last.place] <= then.days)


def _is_made_up(member: Member) -> bool:
    """Return whether a number is made up of other things that are told, or of no one thing that anyone would name."""
    definition = member.definition
    kinds = definition.measure == "distinct" and definition.table in _KINDS
    return definition.measure in _MADE_UP or kinds or (definition.table == CONTACTS and definition.direction == "none")


def _none_since(then: _Then, member: Member, now: float, before: float) -> str:
    """Say that only time went by since a stay in hospital, which is why a risk fell; "" where it was another one."""
    if now - before != then.days:
        return ""
    return f"{sentence(member.feature, now, member.window)}, none since {then.at}"


def _yes_or_no(then: _Then, member: Member, now: float) -> str:
    definition = member.definition
    said = sentence(member.feature, 1.0, member.window)
    if now > 0:
        return f"new since {then.at}: {said}"
    is_state = definition.measure in ("is", "latest_is") or definition.table in _STATES
    return f"at {then.at} and not now: {said}" if is_state else ""


def _last(then: _Then, theme: Theme, member: Member, days: list[float]) -> str:
    """Say when the last one was of a count that rose; of an attendance and the admission that it ended in, once."""
    last = theme.last_day(member) if member.is_count else None
    if last is None or then.now[member.place] <= then.before[member.place]:
        return ""
    day = float(then.now[last.place])
    if math.isnan(day) or (last.is_of_hospital_visit and any(abs(day - told) <= 1 for told in days)):
        return ""
    if last.is_of_hospital_visit:
        days.append(day)
    return f", the last {ago(round(day))}"


def _of_count(then: _Then, member: Member, now: float, before: float) -> str:
    if abs(now - before) < _NOTABLE_SHARE * max(now, before):
        return ""
    is_news = now > before and member.definition.table in _NEWS
    if abs(now - before) == 1 and not is_news and member.definition.measure != "groups":
        return ""
    if difference := fewer_or_more(member.feature, now - before, member.window):
        return f"{difference} than at {then.at}"
    said = sentence(member.feature, now, member.window)
    return f"{said} (at {then.at}: {number(before) if before else 'none'})" if said else ""


def _was(member: Member, before: float) -> str:
    """Return the earlier value in words; "" where its measure cannot be told by two values."""
    definition = member.definition
    if member.is_last_day:
        return f"none in the {span(member.window)} before" if math.isnan(before) else ago(round(before))
    if definition.measure not in _TOLD_BY_THEIR_VALUES:
        return ""
    if math.isnan(before):
        return "not measured" if definition.in_units else ""
    return percent(before) if definition.measure == "share" else number(before)
