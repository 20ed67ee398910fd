import csv
import json
import re
from html.parser import HTMLParser
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.unit.identity.conftest import LISTED, NUMBER_OF
from vi_risk.identity.identified_copies import COPIES, csv_copy, html_copy, json_copy, xlsx_copy
from vi_risk.identity.nhs_numbers import spaced

PRACTICE = "M92001"
NUMBERS = {pseudonym: NUMBER_OF[pseudonym] for pseudonym in LISTED[PRACTICE]}
SAID = "Contains NHS numbers: 6 people, for <b>the</b> R&D meeting."


class Texts(HTMLParser):
    """The texts of a page, without its scripts and styles, and all its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[str] = []
        self.tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        self.attributes += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""

    def handle_data(self, data: str) -> None:
        if self.tag not in ("script", "style"):
            self.texts.append(data)


def found_in(text: str) -> set[str]:
    """Return the NHS numbers of anybody that stand in a text."""
    plain = re.sub(r"[\s\xa0-]", "", text)
    return {number for number in NUMBER_OF.values() if number in plain}


def test_the_page_has_each_number_beside_its_pseudonym(packs: Path) -> None:
    page = html_copy((packs / f"{PRACTICE}.html").read_bytes(), NUMBERS, SAID).decode()
    text = "".join(Texts(page).texts)
    for pseudonym, number in NUMBERS.items():
        beside = re.findall(rf"NHS\xa0{spaced(number)} \({pseudonym}\)", text)
        assert len(beside) == 2  # in the table, and over the block
    assert found_in(text) == set(NUMBERS.values())


def test_the_page_says_of_itself_what_it_is_first_of_all(packs: Path) -> None:
    page = html_copy((packs / f"{PRACTICE}.html").read_bytes(), NUMBERS, SAID).decode()
    body = page[page.index("<body") :]
    assert next(text for text in Texts(body).texts if text.strip()) == SAID


def test_nothing_else_of_the_page_is_changed(packs: Path) -> None:
    before = (packs / f"{PRACTICE}.html").read_text(encoding="utf-8")
    page = html_copy(before.encode(), NUMBERS, SAID).decode()
    page = re.sub(r"\n<aside .*?</aside>", "", page)
    page = re.sub(r'<span style="white-space:normal">NHS\xa0[\d\xa0]+ <small>\((\w+)\)</small></span>', r"\1", page)
    assert page == before
    assert not found_in(" ".join(Texts(page).attributes))


def test_a_pseudonym_that_is_no_text_stays() -> None:
    [who, *_] = NUMBERS
    of_one = {who: NUMBERS[who]}
    page = f"<head><style>.{who} {{}}</style></head><body><a title='{who}'>{who}</a><script>'{who}'</script></body>"
    made = html_copy(page.encode(), of_one, SAID).decode()
    assert made.count(spaced(NUMBERS[who])) == 1
    assert made.count(who) == 4


def test_a_page_that_has_no_place_for_what_is_said_is_refused() -> None:
    [who, *_] = NUMBERS
    with pytest.raises(ValueError, match="no place for what is said"):
        html_copy(f"<p>{who}</p>".encode(), {who: NUMBERS[who]}, SAID)


def test_of_a_network_one_practice_alone_is_shown(packs: Path) -> None:
    for ending in (".html", ".csv", ".xlsx"):
        content = (packs / f"network-Bilston{ending}").read_bytes()
        made = COPIES[ending](content, NUMBERS, SAID)
        if ending == ".xlsx":
            book = openpyxl.load_workbook(BytesIO(made))
            text = " ".join(str(cell.value) for sheet in book for row in sheet for cell in row)
        else:
            text = made.decode()
        assert found_in(text) == set(NUMBERS.values()), ending
        assert all(pseudonym in text for pseudonym in LISTED["M92002"])


def test_the_table_gains_two_columns_and_keeps_the_others(packs: Path) -> None:
    content = (packs / "network-Bilston.csv").read_bytes()
    before = list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))
    made = csv_copy(content, NUMBERS, SAID)
    after = list(csv.DictReader(StringIO(made.decode("utf-8-sig"), newline="")))
    assert list(after[0])[1:3] == ["patient_id", "nhs_number"]
    for old, new in zip(before, after, strict=True):
        number = NUMBERS.get(old["patient_id"], "")
        assert new == {**old, "nhs_number": number, "reidentified": SAID if number else ""}
    assert made.startswith("\ufeff".encode())
    assert made.count(b"\r\n") >= 13


def test_each_line_of_json_gains_the_number_and_what_is_said(packs: Path) -> None:
    content = (packs / f"{PRACTICE}.jsonl").read_bytes()
    made = json_copy(content, dict(list(NUMBERS.items())[:2]), SAID)
    before, after = ([json.loads(line) for line in each.decode().splitlines()] for each in (content, made))
    assert [person.pop("nhs_number", None) for person in after] == [*list(NUMBERS.values())[:2], *[None] * 4]
    assert [person.pop("reidentified", None) for person in after] == [SAID, SAID, *[None] * 4]
    assert after == before


@pytest.fixture
def workbook(packs: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(xlsx_copy((packs / f"{PRACTICE}.xlsx").read_bytes(), NUMBERS, SAID)))


def sheets_of_people(book: openpyxl.Workbook) -> dict[str, int]:
    """Return the sheets for people that name someone on the list -> the column that does, counted from 1."""
    found = {}
    for sheet in book:
        places = [cell.column for row in sheet for cell in row if cell.value in NUMBERS]
        if places and sheet.sheet_state == "visible":
            found[sheet.title] = places[0]
    return found


def test_the_workbook_has_the_numbers_beside_the_pseudonyms(workbook: openpyxl.Workbook) -> None:
    for name, place in sheets_of_people(workbook).items():
        heading, *rows = workbook[name].iter_rows(values_only=True)
        assert (heading[place - 1], heading[place]) == ("Patient", "NHS number")
        shown = {row[place - 1]: row[place] for row in rows if row[place - 1] in NUMBERS}
        assert shown == {who: spaced(number) for who, number in NUMBERS.items()}


def test_all_else_of_the_workbook_moves_on_by_a_column(packs: Path, workbook: openpyxl.Workbook) -> None:
    before = openpyxl.load_workbook(packs / f"{PRACTICE}.xlsx")
    assert sheets_of_people(before) == sheets_of_people(workbook)
    for name, place in sheets_of_people(before).items():
        old, new = before[name], workbook[name]
        assert [[cell.value or None for cell in row if cell.column != place + 1] for row in new] == [
            [cell.value or None for cell in row] for row in old
        ]
        frozen = new[new.freeze_panes].column - old[old.freeze_panes].column
        assert frozen == 1  # the pseudonym stays in sight, and so does the number
        assert widths(new)[:place] + widths(new)[place + 1 :] == widths(old)
    of_list = workbook["Case list"]
    assert of_list.auto_filter.ref == of_list.dimensions
    assert of_list.print_area.replace("$", "") == f"'Case list'!{of_list.dimensions}"


def widths(sheet: Any) -> list[float]:
    """Return the width of each column, in order."""
    known = sheet.column_dimensions.values()
    of_number = {number: one.width for one in known for number in range(one.min, one.max + 1)}
    return [of_number[number] for number in range(1, sheet.max_column + 1)]


def test_choices_of_the_workbook_stay_under_their_headings(packs: Path, workbook: openpyxl.Workbook) -> None:
    def choices(book: openpyxl.Workbook) -> dict[object, str]:
        sheet = book["Case list"]
        return {
            sheet.cell(1, cells.min_col).value: f"{choice.type} {choice.formula1} {cells.min_row} {cells.max_row}"
            for choice in sheet.data_validations.dataValidation
            for cells in choice.sqref.ranges
        }

    found = choices(workbook)
    assert found == choices(openpyxl.load_workbook(packs / f"{PRACTICE}.xlsx"))
    assert list(found) == ["Decision", "Outcome", "Owner", "Review on"]


def test_the_workbook_says_of_itself_what_it_is(workbook: openpyxl.Workbook) -> None:
    assert workbook["Re-identified"]["A1"].value == SAID
    header = workbook["Case list"].oddHeader.center.text
    assert header == SAID.replace("&", "and")
    assert workbook["vi_risk"].sheet_state == "veryHidden"


def test_people_who_left_or_were_left_out_keep_their_pseudonyms(workbook: openpyxl.Workbook) -> None:
    for sheet in ("Left out", "Left the list"):
        cells = [str(cell.value) for row in workbook[sheet] for cell in row]
        assert not found_in(" ".join(cells))


def test_a_long_word_of_the_user_does_not_make_a_header_that_excel_refuses(packs: Path) -> None:
    made = xlsx_copy((packs / f"{PRACTICE}.xlsx").read_bytes(), NUMBERS, "x" * 5000)
    header = openpyxl.load_workbook(BytesIO(made))["Case list"].oddHeader
    texts = [part.text for part in (header.left, header.center, header.right)]
    assert 200 < len("".join(texts)) <= 230


def test_a_pseudonym_that_a_team_noted_beside_somebody_is_not_taken_for_that_persons_own(packs: Path) -> None:
    book = openpyxl.load_workbook(packs / f"{PRACTICE}.xlsx")
    sheet = book["Case list"]
    who, spouse, *_ = NUMBERS
    [row] = [cell.row for cells in sheet for cell in cells if cell.value == who]
    for column in (1, sheet.max_column + 1):  # before the pseudonyms and after them
        sheet.cell(row, column, spouse)
    noted = BytesIO()
    book.save(noted)
    place = sheets_of_people(openpyxl.load_workbook(packs / f"{PRACTICE}.xlsx"))["Case list"]
    made = openpyxl.load_workbook(BytesIO(xlsx_copy(noted.getvalue(), NUMBERS, SAID)))["Case list"]
    assert made.cell(row, place).value == who
    assert made.cell(row, place + 1).value == spaced(NUMBERS[who])


def test_a_workbook_in_which_no_sheet_has_the_column_of_pseudonyms_is_refused(packs: Path) -> None:
    book = openpyxl.load_workbook(packs / f"{PRACTICE}.xlsx")
    for sheet in book:
        for cell in sheet[1]:
            cell.value = "Who" if cell.value == "Patient" else cell.value
    renamed = BytesIO()
    book.save(renamed)
    with pytest.raises(ValueError, match="somebody is missing"):
        xlsx_copy(renamed.getvalue(), NUMBERS, SAID)
