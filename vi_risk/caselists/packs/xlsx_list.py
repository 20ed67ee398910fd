"""The sheet that a meeting works from: one line a patient, one A4 page wide, decisions by drop-down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from xlsxwriter.worksheet import Worksheet

from vi_risk.caselists.choosing.changes import SAME
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import DECISION_COLUMNS, REASON_COLUMNS, CaseList
from vi_risk.caselists.packs.xlsx_cells import LINE_HEIGHT, Formats, height_of, put, set_up_page
from vi_risk.caselists.wording import change_in_words, heading, summary, written
from vi_risk.reviews.form import DECISIONS, IDENTITY_SHEET, OUTCOMES

_HEADING_LINES = 2
_USUAL = "usual: of the same age and sex"
# Said once over the column instead of in every line of it.
_BEFORE_USUAL, _AFTER_USUAL = "people of the same age and sex: ", " of the same age and sex"
_NO_REASON = "No reason stands out."
# Widths in letters; some 180 of them make an A4 page in which 10 points print as 8.
_WIDTHS: Mapping[str, float] = {
    "rank": 5.5,
    "patient_id": 10.5,
    "practice_code": 9,
    "who": 9.5,
    "change": 20,
    "risk": 8,
    "band": 9.5,
    "why": 35,
    "prompts": 31,
    "decision": 10,
    "owner": 10,
    "plan": 14,
    "review_on": 10,
    "outcome_code": 9,
}
# Columns that join several of the list's into one.
_HEADINGS: Mapping[str, str] = {
    "who": "Age and sex",
    "why": f"Why, strongest first ({_USUAL})",
}
ON_THE_LIST = ("rank", "patient_id", "age_band", "sex", "risk", "band", "change", "prompts", "flags")


@dataclass(frozen=True, slots=True)
class _Beside:
    """What stands beside each patient, by patient_id, a line each."""

    reasons: Mapping[str, list[str]]
    changes: Mapping[str, list[str]]
    prompts: Mapping[str, list[str]]


def write_list(
    sheet: Worksheet, case_list: CaseList, rules: CaseListRules, formats: Formats, *, owners: tuple[int, int]
) -> None:
    """Write the sheet; `owners` are the first and the last row of the hidden sheet with the choices of an owner."""
    columns = _columns(case_list)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS[column])
        put(sheet, (0, place), _HEADINGS.get(column) or heading(column), formats, "heading")
    sheet.set_row(0, _HEADING_LINES * LINE_HEIGHT)
    beside = _Beside(reasons_of(case_list, "raises"), _texts(case_list.changes), _prompts(case_list.prompts))
    people = case_list.table.to_dict("records")
    for row, person in enumerate(people, start=1):
        cells = _cells(person, rules, beside)
        for place, column in enumerate(columns):
            look = {"risk": "risk", "rank": "rank", "review_on": "date"}.get(column, "text")
            put(sheet, (row, place), cells[column], formats, "decision" if _is_answer(column) else look)
        sheet.set_row(row, height_of([(str(cells[column]), _WIDTHS[column]) for column in columns]))
    last_row = len(people)
    if people:
        _offer_choices(sheet, columns, last_row, case_list.about.index_date, owners)
    else:
        sheet.merge_range(1, 0, 1, len(columns) - 1, summary(case_list), formats["text"])
    sheet.freeze_panes(1, columns.index("patient_id") + 1)
    sheet.autofilter(0, 0, max(last_row, 1), len(columns) - 1)
    set_up_page(sheet, case_list, landscape=True)
    sheet.print_area(0, 0, max(last_row, 1), len(columns) - 1)
    sheet.repeat_rows(0)


def reasons_of(case_list: CaseList, kind: str) -> dict[str, list[str]]:
    """Return the reasons of a kind by patient, each with what is usual beside it; without `said` those of the table."""
    said = case_list.said[case_list.said["kind"] == kind]
    if kind == "raises" and said.empty:
        texts = case_list.table[list(REASON_COLUMNS)].astype(object).to_numpy()
        patients = case_list.table["patient_id"].tolist()
        return {who: [written(text) for text in row if written(text)] for who, row in zip(patients, texts, strict=True)}
    found: dict[str, list[str]] = {}
    ordered = said.sort_values("place", kind="stable")
    for patient, text, usual in zip(ordered["patient_id"], ordered["text"], ordered["comparison"], strict=True):
        known = usual.removeprefix(_BEFORE_USUAL).removesuffix(_AFTER_USUAL) if usual else ""
        found.setdefault(patient, []).append(f"{text} (usual: {known})" if known else str(text))
    return found


def _columns(case_list: CaseList) -> list[str]:
    table = case_list.table
    changes = "change" in table or not case_list.changes.empty
    prompts = "prompts" in table or not case_list.prompts.empty
    several = len(set(table["practice_code"])) > 1
    return [
        "rank",
        "patient_id",
        *(("practice_code",) if several else ()),
        "who",
        *(("change",) if changes else ()),
        "risk",
        "band",
        "why",
        *(("prompts",) if prompts else ()),
        *DECISION_COLUMNS,
    ]


def _cells(person: Mapping[Any, Any], rules: CaseListRules, beside: _Beside) -> dict[str, object]:
    patient = person["patient_id"]
    age_and_sex = ", ".join(text for text in (written(person["age_band"]), written(person["sex"])) if text)
    return {
        "rank": int(person["rank"]),
        "patient_id": str(patient),
        "practice_code": str(person["practice_code"]),
        "who": "\n".join(text for text in (age_and_sex, *written(person.get("flags")).split("; ")) if text),
        "change": "\n".join(text for text in (_change(person), *beside.changes.get(patient, ())) if text),
        "risk": float(person["risk"]),
        "band": f"{rules.bands[rules.grade(person['band'])].symbol} {person['band']}",
        "why": _numbered(beside.reasons.get(patient, ())) or _NO_REASON,
        "prompts": "\n".join(beside.prompts.get(patient) or written(person.get("prompts")).split("; ")),
        **{column: written(person[column]) for column in DECISION_COLUMNS},
    }


def _change(person: Mapping[Any, Any]) -> str:
    """Return the change of place in words, with the arrow of the page where the place before is known."""
    change = written(person.get("change"))
    is_new = change == "new" or person.get("is_new") is True
    same = change == SAME
    return change_in_words(int(person["rank"]), person.get("rank_before"), is_new=is_new, is_same=same) or change


def _numbered(texts: Sequence[str]) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=1))


def _texts(changes: pd.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for patient, text in zip(changes["patient_id"], changes["text"], strict=True):
        found.setdefault(patient, []).append(str(text))
    return found


def _prompts(prompts: pd.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for patient, role, text in zip(prompts["patient_id"], prompts["role"], prompts["text"], strict=True):
        found.setdefault(patient, []).append(f"{role}: {text}")
    return found


def _is_answer(column: str) -> bool:
    return column in DECISION_COLUMNS and column != "review_on"


def _offer_choices(
    sheet: Worksheet, columns: Sequence[str], last_row: int, index_date: date, owners: tuple[int, int]
) -> None:
    for column, words, title in (
        ("decision", list(DECISIONS.values()), "Decision"),
        ("outcome_code", list(OUTCOMES.values()), "Outcome"),
    ):
        place = columns.index(column)
        message = f"Choose one of: {', '.join(words)}."
        sheet.data_validation(
            1, place, last_row, place,
            {"validate": "list", "source": words, "error_title": title, "error_message": message},
        )  # fmt: skip
    owner, review_on = columns.index("owner"), columns.index("review_on")
    first, last = (row + 1 for row in owners)
    # Other words are taken too: a team has its own names for whom it works with.
    sheet.data_validation(
        1, owner, last_row, owner,
        {"validate": "list", "source": f"='{IDENTITY_SHEET}'!$B${first}:$B${last}", "show_error": False},
    )  # fmt: skip
    sheet.data_validation(
        1, review_on, last_row, review_on,
        {
            "validate": "date",
            "criteria": ">=",
            "value": index_date,
            "error_title": "Review on",
            "error_message": "Write a date on or after the date of this list, as 31/12/2025.",
        },
    )  # fmt: skip
