"""The sheet that a meeting works from: one line a patient, some ten on an A4 page, decisions by drop-down."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from xlsxwriter.worksheet import Worksheet

from vi_risk.caselists.about import summary
from vi_risk.caselists.lists import DECISION_COLUMNS, CaseList
from vi_risk.caselists.packs.patient_block import Patient
from vi_risk.caselists.packs.xlsx_cells import LINE_HEIGHT, Formats, height_of, lines_of, put, set_up_page
from vi_risk.caselists.packs.xlsx_patients import NO_REASON, in_a_line
from vi_risk.caselists.wording import NOT_SEEN, heading, shown_chance
from vi_risk.reviews.form import DECISIONS, IDENTITY_SHEET, OUTCOMES

PATIENTS_SHEET = "Patients"  # where everything is told

_HEADING_LINES = 2
_LINES = 4  # of a patient: ten of them and more make an A4 page. What does not fit is on the sheet of patients
_DEATH = "risk_of_death"
_LONGEST_ID = 17  # letters of a keyed pseudonym (`vi_risk.identity.pseudonyms`), which nobody reads in two halves
# Widths in letters; some 185 of them make an A4 page in which 10 points print as 8.
_WIDTHS: Mapping[str, float] = MappingProxyType(
    {
        "rank": 4.5,
        "change": 8,
        "patient_id": 10,
        "practice_code": 10,
        "who": 13,
        "risk": 7,
        "risk_of_death": 7.5,
        "band": 8,
        "why": 40,
        "changed": 21,
        "prompts": 13.5,
        "decision": 9,
        "owner": 8.5,
        "plan": 16,
        "review_on": 9.5,
        "outcome_code": 8,
    }
)
_HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "who": "Age and sex",
        "risk_of_death": "Chance of dying",
        "why": f"Why (all: sheet {PATIENTS_SHEET})",
        "changed": f"What changed (all: {PATIENTS_SHEET})",
    }
)


def write_list(
    sheet: Worksheet,
    case_list: CaseList,
    patients: Sequence[Patient],
    formats: Formats,
    *,
    owners: tuple[int, int],
) -> None:
    """Write the sheet; `owners` are the first and the last row of the hidden sheet with the choices of an owner."""
    deaths = (
        case_list.table[_DEATH].astype(float).tolist()
        if _DEATH in case_list.fact_columns
        else [math.nan] * len(patients)
    )
    columns = _columns(patients, any_death=not all(map(math.isnan, deaths)))
    longest_id = max((len(patient.patient_id) for patient in patients), default=0)
    for place, column in enumerate(columns):
        width = max(_WIDTHS[column], min(longest_id, _LONGEST_ID) + 2) if column == "patient_id" else _WIDTHS[column]
        sheet.set_column(place, place, width)
        put(sheet, (0, place), _HEADINGS.get(column) or heading(column), formats, "heading")
    sheet.set_row(0, _HEADING_LINES * LINE_HEIGHT)
    for row, patient in enumerate(patients, start=1):
        cells = _cells(patient, case_list, deaths[row - 1])
        for place, column in enumerate(columns):
            look = {"risk": "chance", "risk_of_death": "chance", "rank": "rank", "review_on": "date"}.get(
                column, "text"
            )
            put(sheet, (row, place), cells[column], formats, "decision" if _is_answer(column) else look)
        sheet.set_row(row, height_of([(str(cells[column]), _WIDTHS[column]) for column in columns]))
    last_row = len(patients)
    if patients:
        _offer_choices(sheet, columns, last_row, case_list.about.index_date, owners)
    else:
        sheet.merge_range(1, 0, 1, len(columns) - 1, summary(case_list), formats["text"])
    sheet.freeze_panes(1, columns.index("patient_id") + 1)
    sheet.autofilter(0, 0, max(last_row, 1), len(columns) - 1)
    set_up_page(sheet, case_list, landscape=True)
    sheet.print_area(0, 0, max(last_row, 1), len(columns) - 1)
    sheet.repeat_rows(0)


def _columns(patients: Sequence[Patient], *, any_death: bool) -> list[str]:
    there = {
        _DEATH: any_death,
        "change": any(patient.change for patient in patients),
        "practice_code": any(patient.practice for patient in patients),
        "changed": any(patient.changes for patient in patients),
        "prompts": any(patient.prompts for patient in patients),
    }
    return [column for column in _WIDTHS if there.get(column, True)]


def _cells(patient: Patient, case_list: CaseList, death: float) -> dict[str, object]:
    """Return what stands in a patient's line; reasons and changes take the lines that its other cells need anyhow."""
    who = "\n".join(text for text in (patient.age_and_sex, ", ".join(patient.flags)) if text)
    prompts = ", ".join(dict.fromkeys(prompt.role for prompt in patient.prompts))
    lines = max(_LINES, lines_of(who, _WIDTHS["who"]), lines_of(prompts, _WIDTHS["prompts"]))
    raises = [f"{number}. {in_a_line(said)}" for number, said in enumerate(patient.raises, start=1)]
    return {
        "rank": patient.rank,
        "change": patient.change,
        "patient_id": patient.patient_id,
        "practice_code": patient.practice or case_list.title,
        "who": who,
        "risk": shown_chance(patient.risk),
        _DEATH: NOT_SEEN if math.isnan(death) else shown_chance(death),
        "band": f"{patient.symbol} {patient.band}",
        "why": _fitting(raises, _WIDTHS["why"], lines) or NO_REASON,
        "changed": _fitting(patient.changes, _WIDTHS["changed"], lines),
        "prompts": prompts,
        **{decision.column: decision.text for decision in patient.decisions},
    }


def _fitting(texts: Sequence[str], width: float, lines: int) -> str:
    """Return the first of the texts, and as many more as fit whole into so many lines, each beginning its own."""
    fitting = list(texts[:1])
    for text in texts[1:]:
        if lines_of("\n".join((*fitting, text)), width) > lines:
            break
        fitting.append(text)
    return "\n".join(fitting)


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
