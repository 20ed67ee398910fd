"""The list as one self-contained page: a table to scan, then a block for each patient, for the screen and for paper."""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from vi_risk.caselists.facts import IN_HOSPITAL, LAST_ADMISSION, LEFT_HOSPITAL, LISTED_IN_REFITS
from vi_risk.caselists.lists import DECISION_COLUMNS, REASON_COLUMNS, CaseList
from vi_risk.caselists.rules import CaseListRules
from vi_risk.caselists.wording import (
    DECISION_SUPPORT,
    NOT_SEEN,
    WHAT_REASONS_ARE,
    band_ranges,
    data_reach,
    fact_text,
    heading,
    is_chance,
    natural_frequency,
    percent,
    summary,
    written,
)
from vi_risk.models.templates import page_environment

_FOLDER = Path(__file__).parent / "templates"
_AGO = re.compile(r"([\d,]+) (day|week|month|year)s? ago")
_COUNTED = re.compile(r"(\d+) \(hospital\)")
_DAYS = {"day": 1, "week": 7, "month": 30.4, "year": 365.25}  # near enough to sort by
_NAMED = ("conditions", "high_risk_medicines")
_BLOCK_ONLY = (LISTED_IN_REFITS, LEFT_HOSPITAL)  # the table is a line wide
_LOWEST_GRADE = 3  # the style sheet knows four grades; further bands share the last one


@dataclass(frozen=True, slots=True)
class _Entry:
    """A fact or a decision as the page shows it."""

    column: str
    heading: str
    text: str
    sort_value: object = None  # what the table sorts by where that is not the text; "" sorts last


@dataclass(frozen=True, slots=True)
class _Patient:
    """One patient as the page shows them: everything in words."""

    rank: int
    patient_id: str
    age_and_sex: str
    risk: float
    percent: str
    frequency: str
    band: str
    symbol: str
    grade: int
    reasons: tuple[str, ...]
    in_hospital: bool  # said beside the name: such a person is not at home to be visited
    table_facts: tuple[_Entry, ...]  # short ones, one of the line in the table
    facts: tuple[_Entry, ...]  # short ones, in the block
    named: tuple[_Entry, ...]  # those that name many things, in the block only
    decisions: tuple[_Entry, ...]


def html_pack(case_list: CaseList, rules: CaseListRules, *, workbook: str) -> bytes:
    """Return the page; it fetches nothing, works without its script, and names the `workbook` to decide in."""
    script = (_FOLDER / "pack.js").read_text(encoding="utf-8").strip()
    page = (
        page_environment(_FOLDER)
        .get_template("pack.html.jinja")
        .render(
            case_list=case_list,
            about=case_list.about,
            summary=summary(case_list),
            patients=[_patient(case_list, person, rules) for person in case_list.table.to_dict("records")],
            fact_headings=[heading(column) for column in _table_facts(case_list)],
            data_reach=data_reach(case_list.about.data_to),
            band_ranges=band_ranges(rules),
            what_reasons_are=WHAT_REASONS_ARE,
            decision_support=DECISION_SUPPORT,
            workbook=workbook,
            script=script,
            # Only this very script may run, whatever text the records hold.
            script_fingerprint=b64encode(sha256(script.encode()).digest()).decode(),
        )
    )
    return page.encode()


def _patient(case_list: CaseList, person: dict[Any, Any], rules: CaseListRules) -> _Patient:
    grade = rules.grade(person["band"])
    age_and_sex = [text for text in (written(person["age_band"]), written(person["sex"])) if text]
    return _Patient(
        rank=int(person["rank"]),
        patient_id=str(person["patient_id"]),
        age_and_sex=", ".join(age_and_sex) or "age and sex not known",
        risk=float(person["risk"]),
        percent=percent(person["risk"]),
        frequency=natural_frequency(person["risk"]),
        band=str(person["band"]),
        symbol=rules.bands[grade].symbol,
        grade=min(grade, _LOWEST_GRADE),
        reasons=tuple(text for text in (written(person[column]) for column in REASON_COLUMNS) if text),
        in_hospital=person.get(IN_HOSPITAL) == "yes",
        table_facts=tuple(_fact(column, person[column]) for column in _table_facts(case_list)),
        facts=tuple(_fact(column, person[column]) for column in _short_facts(case_list)),
        named=tuple(_fact(column, person[column]) for column in case_list.fact_columns if column in _NAMED),
        decisions=tuple(_Entry(column, heading(column), written(person[column])) for column in DECISION_COLUMNS),
    )


def _short_facts(case_list: CaseList) -> list[str]:
    return [column for column in case_list.fact_columns if column not in (IN_HOSPITAL, *_NAMED)]


def _table_facts(case_list: CaseList) -> list[str]:
    return [column for column in _short_facts(case_list) if column not in _BLOCK_ONLY and not is_chance(column)]


def _fact(column: str, value: object) -> _Entry:
    text = fact_text(value, column)
    if text == NOT_SEEN:
        return _Entry(column, heading(column), text, sort_value="")
    if column == LAST_ADMISSION:
        ago = _AGO.match(text)
        days = int(ago[1].replace(",", "")) * _DAYS[ago[2]] if ago else 1 if text == "yesterday" else ""
        return _Entry(column, heading(column), text, sort_value=days)
    if counted := _COUNTED.fullmatch(text):
        return _Entry(column, heading(column), text, sort_value=int(counted[1]))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _Entry(column, heading(column), text, sort_value=value if is_number else None)
