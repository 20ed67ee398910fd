"""The sheet in which a patient is looked up: all that the page tells of each, in the same words and order."""

from collections.abc import Iterator, Sequence

from xlsxwriter.worksheet import Worksheet

from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.entries import Entry
from vi_risk.caselists.packs.patient_block import Patient, Said
from vi_risk.caselists.packs.xlsx_cells import Formats, height_of, put, set_up_page
from vi_risk.caselists.wording import heading

NO_REASON = "No reason stands out."
_WIDTHS = (6.0, 12.0, 30.0, 62.0)


def write_patients(sheet: Worksheet, case_list: CaseList, patients: Sequence[Patient], formats: Formats) -> None:
    """Write a line for each thing that is told of each patient: a filter shows one patient, or one thing of all."""
    headings = ("Rank", heading("patient_id"), "What", "In words")
    for place, (words, width) in enumerate(zip(headings, _WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        put(sheet, (0, place), words, formats, "heading")
    row = 0
    for patient in patients:
        for number, (what, told) in enumerate(_told(patient, case_list)):
            row += 1
            first = number == 0
            # Rank and name stand in every line, or a filter would not find it.
            for place, value in enumerate((patient.rank, patient.patient_id, what, told)):
                put(sheet, (row, place), value, formats, "strong" if first else "again" if place < 2 else "text")
            sheet.set_row(row, height_of([(what, _WIDTHS[2]), (told, _WIDTHS[3])]))
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(row, 1), len(headings) - 1)
    set_up_page(sheet, case_list, landscape=False)
    sheet.repeat_rows(0)


def in_a_line(said: Said) -> str:
    """Return a reason with what is usual at the same age and sex, as on the page."""
    return f"{said.text} ({said.peers})" if said.peers else said.text


def _told(patient: Patient, case_list: CaseList) -> Iterator[tuple[str, str]]:
    """Yield what is told and its words, in the order of the page; nothing of what it does not tell."""
    yield "Who", " · ".join(text for text in (patient.age_and_sex, patient.practice, *patient.flags) if text)
    if patient.change:
        yield heading("change"), patient.change
    if patient.conditions is not None:
        yield _fact(patient.conditions)
    beside = "; ".join(filter(None, (patient.frequency, patient.usual)))
    chance = f"{patient.percent} {patient.symbol} {patient.band} ({beside})"
    yield f"Chance of {case_list.about.outcome}", chance
    yield from map(_fact, patient.beside)
    raises = [f"{number}. {in_a_line(said)}" for number, said in enumerate(patient.raises, start=1)]
    for what, texts in (
        ("Why", raises or [NO_REASON]),
        (patient.favour, [in_a_line(said) for said in patient.lowers]),
        ("Not seen", patient.unseen),
        ("What changed", patient.changes),
        ("What was tried", patient.tried),
        ("Who might help", [f"{prompt.role}: {prompt.text}" for prompt in patient.prompts]),
    ):
        if texts:
            yield what, "\n".join(texts)
    yield from map(_fact, patient.facts)


def _fact(fact: Entry) -> tuple[str, str]:
    return fact.heading, f"{fact.text} ({fact.day})" if fact.day else fact.text
