"""One patient as the page tells them: who, how likely, why, what changed, what was tried, who might help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd

from vi_risk.caselists.choosing.changes import SAME
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import DECISION_COLUMNS, REASON_COLUMNS, CaseList
from vi_risk.caselists.packs.entries import Entry, days_that_fit, entry
from vi_risk.caselists.packs.networks import PRACTICE_NAME
from vi_risk.caselists.packs.timeline import Timeline, timelines
from vi_risk.caselists.wording import (
    beside_peers,
    change_in_words,
    fact_text,
    heading,
    how_sure,
    in_favour,
    is_chance,
    natural_frequency,
    percent,
    written,
)

LOWEST_GRADE = 3  # the style sheet knows four grades; further bands share the last one
TABLE_FACTS = (
    "emergency_admissions_12m",
    "ed_attendances_12m",
    "last_emergency_admission",
    "medicines_90d",
)
# Facts with a line or a place of their own in the block; every other one stands among the short facts.
_WHO = "conditions"
# What was tried: the last review by a team, as far as the list knows it -> how it is told.
_TRIED: Mapping[str, str] = MappingProxyType(
    {
        "last_review": "{}",
        "last_plan": "plan: {}",
        "last_review_due": "to be looked at again on {}",
        "last_outcome": "outcome: {}",
    }
)
_NOT_TRIED = "none recorded"
_BESIDE_THE_RISK = ("certainty", "left_hospital_on", "record")
_TOLD_APART = (PRACTICE_NAME, "change", "rank_before", "is_new", "not_already_known", "prompts", "flags")
_NOT_KNOWN_BEFORE = "not already known"


@dataclass(frozen=True, slots=True)
class Said:
    """A reason with what is usual for people of the same age and sex, "" where nothing is."""

    text: str
    peers: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Who might help, and what of; `rule` names the declared rule."""

    role: str
    text: str
    rule: str


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient as the page shows them: everything in words.

    Attributes
    ----------
    practice
        Its name, or its code where no name is known; "" where it is that of the list.
    conditions
        None where the list does not tell them.
    change, rise
        How the place moved since the list before, and by how many places; "" each where that is not known.
    flags
        Said beside the name: such a person may not be at home to be visited.
    usual
        The median chance of people of the same age and sex; "" where they are few.
    favour
        The words over `lowers`.
    unseen
        What the record lacks.
    tried
        What the last review came to, a line each; empty where these records hold no reviews.
    """

    rank: int
    patient_id: str
    age_and_sex: str
    practice: str
    conditions: Entry | None
    risk: float
    percent: str
    frequency: str
    usual: str
    band: str
    symbol: str
    grade: int
    change: str
    rise: object
    is_new: bool
    flags: tuple[str, ...]
    beside: tuple[Entry, ...]
    raises: tuple[Said, ...]
    favour: str
    lowers: tuple[Said, ...]
    unseen: tuple[str, ...]
    themes: frozenset[str]
    changes: tuple[str, ...]
    tried: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    timeline: Timeline | None
    table_facts: tuple[Entry, ...]
    facts: tuple[Entry, ...]
    decisions: tuple[Entry, ...]

    @property
    def roles(self) -> frozenset[str]:
        """Who might help, each role once."""
        return frozenset(prompt.role for prompt in self.prompts)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The facts of a list, the same for everyone on it: all, those of the table, and those told apart from both."""

    known: Sequence[str]
    table: Sequence[str]
    others: Sequence[str]
    usual: Mapping[tuple[object, object], Mapping[Any, Any]]  # age band, sex -> chance -> its median


def patients_of(case_list: CaseList, rules: CaseListRules) -> list[Patient]:
    """Return everyone on the list in order of rank, as the page tells them."""
    said = _by_patient(case_list.said)
    prompts = _by_patient(case_list.prompts)
    changes = _by_patient(case_list.changes)
    drawn = timelines(case_list)
    happened = days_that_fit(case_list)
    usual = {(row["age_band"], row["sex"]): row for row in case_list.usual.to_dict("records")}
    columns = _Columns(case_list.fact_columns, table_facts(case_list), _other_facts(case_list), usual)
    return [
        _patient(
            case_list,
            person,
            rules,
            columns,
            said.get(patient, []),
            prompts=tuple(
                Prompt(written(row["role"]), written(row["text"]), written(row["rule"]))
                for row in prompts.get(patient, [])
            ),
            changes=tuple(written(row["text"]) for row in changes.get(patient, [])),
            timeline=drawn.get(patient),
            days=happened.get(patient, {}),
        )
        for patient, person in zip(
            case_list.table["patient_id"].tolist(), case_list.table.to_dict("records"), strict=True
        )
    ]


def table_facts(case_list: CaseList) -> list[str]:
    """Return the facts that the table tells, those that there are: a screen is one line wide, and seen by many."""
    known = case_list.fact_columns
    declared = [column for column in TABLE_FACTS if column in known]
    return declared or [column for column in _other_facts(case_list) if not is_chance(column)]


_Rows = list[dict[Any, Any]]


def _by_patient(frame: pd.DataFrame) -> dict[str, _Rows]:
    """Return the rows of each patient in the order of the frame."""
    rows: dict[str, _Rows] = {}
    for row in frame.to_dict("records"):
        rows.setdefault(row["patient_id"], []).append(row)
    return rows


def _patient(
    case_list: CaseList,
    person: Mapping[Any, Any],
    rules: CaseListRules,
    columns: _Columns,
    said: _Rows,
    *,
    prompts: tuple[Prompt, ...],
    changes: tuple[str, ...],
    timeline: Timeline | None,
    days: Mapping[str, Sequence[date]],
) -> Patient:
    grade = rules.grade(person["band"])
    age_and_sex = [text for text in (written(person["age_band"]), written(person["sex"])) if text]
    peers = {row["text"]: beside_peers(written(row["comparison"])) for row in said if row["kind"] == "raises"}
    reasons = [text for text in (written(person[column]) for column in REASON_COLUMNS) if text]
    practice = written(person["practice_code"])
    asked_on = _asked_on(case_list, person)
    told = {
        column: entry(column, person[column], asked_on, days=days.get(column, ()))
        for column in columns.known
        if column not in _TOLD_APART
    }
    usual = columns.usual.get((person["age_band"], person["sex"]), {})
    is_new, change = _holds(person, "is_new"), written(person.get("change"))
    rank, rank_before = int(person["rank"]), person.get("rank_before")
    return Patient(
        rank=rank,
        patient_id=str(person["patient_id"]),
        age_and_sex=", ".join(age_and_sex) or "age and sex not known",
        practice=(written(person.get(PRACTICE_NAME)) or practice) if practice != case_list.practice_code else "",
        conditions=told.get(_WHO),
        risk=float(person["risk"]),
        percent=percent(person["risk"]),
        frequency=natural_frequency(person["risk"]),
        usual=_usual("risk", usual),
        band=str(person["band"]),
        symbol=rules.bands[grade].symbol,
        grade=min(grade, LOWEST_GRADE),
        change=change_in_words(rank, rank_before, is_new=is_new, is_same=change == SAME) or change,
        rise=float(str(rank_before)) - rank if written(rank_before) else "",
        is_new=is_new,
        flags=_flags(person),
        beside=tuple(
            _beside(told[column], usual)
            for column in (*filter(is_chance, columns.known), *_BESIDE_THE_RISK)
            if column in told and written(person[column])
        ),
        raises=tuple(Said(text, peers.get(text, "")) for text in reasons),
        favour=in_favour(person["sex"]),
        lowers=tuple(
            Said(written(row["text"]), beside_peers(written(row["comparison"])))
            for row in said
            if row["kind"] == "lowers"
        ),
        unseen=tuple(written(row["text"]) for row in said if row["kind"] == "unseen"),
        themes=frozenset(str(row["theme"]) for row in said if row["kind"] == "raises" and row["text"] in reasons),
        changes=changes,
        tried=_tried(person, columns.known),
        prompts=prompts,
        timeline=timeline,
        table_facts=tuple(told[column] for column in columns.table),
        facts=tuple(told[column] for column in columns.others),
        decisions=tuple(Entry(column, heading(column), written(person[column])) for column in DECISION_COLUMNS),
    )


def _beside(fact: Entry, usual: Mapping[Any, Any]) -> Entry:
    """Return what stands beside the chance: another chance with what is usual, and in a word how sure the place is."""
    if fact.column == "certainty":
        return replace(fact, text=how_sure(fact.text))
    peers = _usual(fact.column, usual) if is_chance(fact.column) else ""
    return replace(fact, text=f"{fact.text} ({peers})") if peers else fact


def _usual(column: str, usual: Mapping[Any, Any]) -> str:
    median = written(usual.get(column)) and fact_text(usual[column], column if column != "risk" else "risk_")
    return f"same age and sex: {median}" if median else ""


def _other_facts(case_list: CaseList) -> list[str]:
    apart = (_WHO, *_TRIED, *_BESIDE_THE_RISK, *_TOLD_APART)
    return [column for column in case_list.fact_columns if column not in apart and not is_chance(column)]


def _tried(person: Mapping[Any, Any], known: Sequence[str]) -> tuple[str, ...]:
    """Return what the last review decided, who took what on, and what came of it."""
    texts = {column: written(person[column]) for column in _TRIED if column in known}
    if texts.get("last_review") == _NOT_TRIED:
        return ("no review by a team recorded",)
    return tuple(_TRIED[column].format(text) for column, text in texts.items() if text)


def _flags(person: Mapping[Any, Any]) -> tuple[str, ...]:
    flags = [flag.strip() for flag in written(person.get("flags")).split(";") if flag.strip()]
    return (*flags, *[_NOT_KNOWN_BEFORE] * _holds(person, "not_already_known"))


def _holds(person: Mapping[Any, Any], column: str) -> bool:
    return written(person.get(column)) == "yes"


def _asked_on(case_list: CaseList, person: Mapping[Any, Any]) -> date:
    """Return the day from which "days ago" are counted: of people who left hospital, the day after."""
    left: object = person.get("left_hospital_on")
    return left + timedelta(days=1) if isinstance(left, date) and written(left) else case_list.about.index_date


def choices(of_each: Sequence[frozenset[str]]) -> list[tuple[str, int]]:
    """Return what people can be filtered by, with how many have it: the most frequent first, then by name."""
    counts: dict[str, int] = {}
    for names in of_each:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
