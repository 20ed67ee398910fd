"""The sheets beside the list: the practice in figures, who was left out, who left, and what the list is."""

from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from vi_risk.caselists.about import about_rows, compared_with, missing_from, people
from vi_risk.caselists.choosing.rules import CaseListRules
from vi_risk.caselists.lists import CaseList
from vi_risk.caselists.packs.first_page import SHARE_OF_NEED, SHARE_OF_PEOPLE
from vi_risk.caselists.packs.xlsx_cells import Formats, height_of, is_number, put, put_table, set_up_page
from vi_risk.caselists.practice.practice_summary import WHAT_STANDS_OUT_IS, PracticeSummary
from vi_risk.caselists.wording import NOT_SEEN, heading, shown_chance, shown_share
from vi_risk.reviews.form import ListIdentity

_ABOUT_WIDTH = 90.0
_FIRST_WIDTH, _FIGURE_WIDTH, _PRACTICE_COLUMNS = 60.0, 13.0, 7
_LOOKS = {"share": "share", "people": "count"}


def write_practice(sheet: Worksheet, case_list: CaseList, summary: PracticeSummary, formats: Formats) -> None:
    """Write the practice in one view, as figures that other sheets can take."""
    _widths(sheet, (_FIRST_WIDTH, *[_FIGURE_WIDTH] * (_PRACTICE_COLUMNS - 1)))
    put(sheet, (0, 0), f"{case_list.title}: {people(summary.people)}", formats, "title")
    row = _titled(sheet, 2, "Beside the trust", formats)
    row = put_table(sheet, row, ("", "Practice", "Trust"), (), formats)
    for figure in summary.figures:
        look = _LOOKS.get(figure.unit, "number")
        put(sheet, (row, 0), figure.title, formats)
        for place, value in enumerate((figure.practice, figure.trust), start=1):
            shown = shown_share(value) if look == "share" and is_number(value) else value
            put(sheet, (row, place), shown if is_number(shown) else NOT_SEEN, formats, look)
        row += 1
    row = _titled(sheet, row + 1, "Fair shares", formats)
    shares = (
        (SHARE_OF_PEOPLE, shown_share(summary.share_of_people)),
        (SHARE_OF_NEED, shown_share(summary.share_of_need)),
    )
    row = put_table(sheet, row, ("", "Practice"), shares, formats, ("text", "share"))
    if summary.stands_out:
        row = _titled(sheet, row + 1, "What stands out", formats)
        headings = ("", "Kind", "People", "Expected", "Ratio", "95 % from", "95 % to")
        rows = [
            (
                each.title,
                each.kind,
                each.observed,
                *(round(n, 2) for n in (each.expected, each.ratio, each.low, each.high)),
            )
            for each in summary.stands_out
        ]
        row = put_table(sheet, row, headings, rows, formats)
        row = _paragraph(sheet, row, WHAT_STANDS_OUT_IS, formats)
    if summary.pyramid:
        row = _titled(sheet, row + 1, "People by age and band", formats)
        ages, bands = (list(dict.fromkeys(key[place] for key in summary.pyramid)) for place in (0, 1))
        numbers = [(age, *(summary.pyramid.get((age, band), 0) for band in bands)) for age in ages]
        row = put_table(sheet, row, ("Age", *bands), numbers, formats)
    if summary.reviewed:
        row = _titled(sheet, row + 1, "Of the list before", formats)
        row = put_table(sheet, row, ("", "People"), list(summary.reviewed.items()), formats)
    for note in summary.notes:
        row = _paragraph(sheet, row + 1, note, formats)
    set_up_page(sheet, case_list, landscape=False)


def write_left_out(sheet: Worksheet, case_list: CaseList, formats: Formats) -> None:
    """Write how many people are missing from the list and why, and who of them would be on it, each with the reason."""
    _widths(sheet, (40, 14, 14, 50))
    row = 0
    for title, told in missing_from(case_list):
        row = _titled(sheet, row, title, formats)
        row = put_table(sheet, row, ("Reason", "People"), list(told.items()), formats) + 1
    if not case_list.excluded.empty:
        row = _titled(sheet, row, "Would be on this list but for the reason", formats)
        columns = ("patient_id", "age_band", "risk", "reason")
        named = case_list.excluded[list(columns)].astype(object)
        named["risk"] = [shown_chance(float(risk)) for risk in named["risk"]]
        rows = list(named.itertuples(index=False, name=None))
        put_table(sheet, row, [heading(c) for c in columns], rows, formats, ("text", "text", "chance", "text"))
    set_up_page(sheet, case_list, landscape=False)


def write_left(sheet: Worksheet, case_list: CaseList, formats: Formats) -> None:
    """Write who was on the list before and is not on this one, with why."""
    _widths(sheet, (20, 12, 70))
    put(sheet, (0, 0), case_list.about.left_in_words or "On it last time, and not on this list", formats, "title")
    if last_time := compared_with(case_list.about):
        put(sheet, (1, 0), f"Last time: {last_time}", formats, "line")
    rows = case_list.left[["patient_id", "rank_before", "why"]].astype(object).itertuples(index=False, name=None)
    put_table(sheet, 3, (heading("patient_id"), "Rank then", "Why"), list(rows), formats)
    set_up_page(sheet, case_list, landscape=False)


def write_about(sheet: Worksheet, case_list: CaseList, rules: CaseListRules, formats: Formats) -> None:
    """Write what a reader must know about the list."""
    _widths(sheet, (22, _ABOUT_WIDTH))
    for row, (label, text) in enumerate(about_rows(case_list, rules)):
        put(sheet, (row, 0), label, formats, "heading")
        put(sheet, (row, 1), text, formats)
        sheet.set_row(row, height_of([(text, _ABOUT_WIDTH)]))
    set_up_page(sheet, case_list, landscape=False)


def write_identity(
    sheet: Worksheet, identity: ListIdentity, owners: Sequence[str], formats: Formats
) -> tuple[int, int]:
    """Write which list this is, and return the first and last row of the owners to choose from, counted from 0."""
    rows = identity.to_rows(owners)
    for row, texts in enumerate(rows):
        for place, text in enumerate(texts):
            sheet.write_string(row, place, text, formats["line"])
    kinds = [texts[0] for texts in rows]
    return kinds.index("owner"), len(kinds) - 1 - kinds[::-1].index("owner")


def _titled(sheet: Worksheet, row: int, words: str, formats: Formats) -> int:
    put(sheet, (row, 0), words, formats, "title")
    return row + 1


def _paragraph(sheet: Worksheet, row: int, text: str, formats: Formats) -> int:
    sheet.merge_range(row, 0, row, _PRACTICE_COLUMNS - 1, text, formats["text"])
    sheet.set_row(row, height_of([(text, _FIRST_WIDTH + (_PRACTICE_COLUMNS - 1) * _FIGURE_WIDTH)]))
    return row + 1


def _widths(sheet: Worksheet, widths: Sequence[float]) -> None:
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
