"""Whatever happens to a workbook between the meeting and the import, it is read right or refused in words."""

import random
import re
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from tests.unit.caselists.example_lists import example_list
from tests.unit.reviews.filling import book_of, fill, places_of
from vi_risk.errors import InputError
from vi_risk.reviews.form import ANSWERS, DECISIONS, OUTCOMES
from vi_risk.reviews.returned import Returned, read_returned

MEETING = date(2025, 11, 11)
OFTEN = settings(max_examples=150, deadline=None, database=None, derandomize=True)
LESS_OFTEN = settings(OFTEN, max_examples=60)
TOLD = re.compile(r"sekret|P-0\d|anticoagulant", re.IGNORECASE)
FILLED = {
    "P-0001": {"Decision": "accept", "Owner": "sekret owner", "Plan": "sekret plan", "Review on": "31/12/2025"},
    "P-0003": {"Decision": "defer", "Review on": date(2026, 1, 6)},
    "P-0004": {"Decision": "already in hand", "Outcome": "done"},
}
RIGHT = {"P-0001": "accepted", "P-0003": "deferred", "P-0004": "already_cared_for"}


@cache
def sound() -> bytes:
    content = BytesIO()
    case_list = example_list(5, hostile=False, summary=None, excluded_counts={})
    book = fill(book_of(case_list), FILLED)
    for beside in ("Patients", "Left out", "Left the list"):
        del book[beside]  # they take most of the time, and are not read
    book.save(content)
    return content.getvalue()


def read(content: bytes, folder: Path) -> Returned | None:
    """Return what a workbook holds, None where it is refused; any other end, and any telling refusal, is a fault."""
    path = folder / "back.xlsx"
    path.write_bytes(content)
    refusal = found = None
    try:
        found = read_returned(path, reviewed_on=MEETING)
    except InputError as error:
        refusal = error
    if found is None:
        assert not TOLD.search(str(refusal))
        assert refusal is not None
        assert refusal.__suppress_context__ or refusal.__context__ is None  # which a traceback would show
        return None
    assert {decided.patient for decided in found.decided} <= set(found.identity.patients)
    for decided in found.decided:
        assert decided.decision in DECISIONS
        assert decided.outcome_code is None or decided.outcome_code in OUTCOMES
        assert decided.review_on is None or decided.review_on >= MEETING
    return found


# --- damage that a team or its programs do ----------------------------------------------------------------------------

Damage = Callable[[Worksheet, random.Random], None]


def shuffle_rows(sheet: Worksheet, chance: random.Random) -> None:
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    chance.shuffle(rows)
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place).value = value


def insert_rows(sheet: Worksheet, chance: random.Random) -> None:
    sheet.insert_rows(chance.randint(1, 7), chance.randint(1, 3))


def insert_columns(sheet: Worksheet, chance: random.Random) -> None:
    sheet.insert_cols(chance.randint(1, 14), chance.randint(1, 3))
    sheet.cell(1, 1).value = sheet.cell(1, 1).value or "sekret notes"


def hide_and_filter(sheet: Worksheet, chance: random.Random) -> None:
    sheet.row_dimensions[chance.randint(2, 6)].hidden = True
    sheet.column_dimensions["C"].hidden = True


def drop_what_is_not_asked(sheet: Worksheet, chance: random.Random) -> None:
    for heading in ("Why (all: sheet Patients)", "Chance", "Rank"):
        if chance.random() < 0.5 and heading in places_of(sheet):
            sheet.delete_cols(places_of(sheet)[heading])


def space_and_capitals(sheet: Worksheet, chance: random.Random) -> None:
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, str) and cell.value.casefold() in (
                "accept",
                "defer",
                "done",
                "decision",
                "owner",
            ):
                cell.value = f" {cell.value.upper()}\N{NO-BREAK SPACE}"


def rename_the_sheet(sheet: Worksheet, chance: random.Random) -> None:
    sheet.title = "Done"  # a refusal names the sheet


HARMLESS: tuple[Damage, ...] = (
    shuffle_rows,
    insert_columns,
    hide_and_filter,
    drop_what_is_not_asked,
    space_and_capitals,
    rename_the_sheet,
)


def wreck_a_cell(sheet: Worksheet, chance: random.Random) -> None:
    odd: tuple[Any, ...] = (
        "sekret",
        "#REF!",
        "=A1",
        1e300,
        -1,
        True,
        datetime(1917, 1, 1),  # noqa: DTZ001 -- cells have no zones
        timedelta(days=3),
        "sekret\n" * 2000,
        "31/02/2026",
        "\u202e=sekret",
        "P-0001",
        46022.5,
    )
    row, column = chance.randint(1, sheet.max_row + 2), chance.randint(1, sheet.max_column)
    sheet.cell(row, column).value = chance.choice(odd)


def drop_a_row(sheet: Worksheet, chance: random.Random) -> None:
    sheet.delete_rows(chance.randint(1, sheet.max_row))


def drop_a_column(sheet: Worksheet, chance: random.Random) -> None:
    sheet.delete_cols(chance.randint(1, sheet.max_column))


def copy_a_row(sheet: Worksheet, chance: random.Random) -> None:
    source, target = chance.randint(2, sheet.max_row), chance.randint(2, sheet.max_row + 2)
    for cell in list(sheet[source]):
        sheet.cell(target, cell.column).value = cell.value


def shift_a_column(sheet: Worksheet, chance: random.Random) -> None:
    """As a sort of one column alone does, the worst of slips: told where a person is no more on the list."""
    place = places_of(sheet).get("Patient", 1)
    sheet.cell(chance.randint(2, 6), place).value = "P-sekret"


def wreck_the_identity(sheet: Worksheet, chance: random.Random) -> None:
    hidden = sheet.parent.worksheets[-1]  # the last one, if it is there still
    hidden.cell(chance.randint(1, hidden.max_row), chance.randint(1, 3)).value = chance.choice(("sekret", None, 7))


def drop_a_sheet(sheet: Worksheet, chance: random.Random) -> None:
    if others := sheet.parent.worksheets[1:]:
        sheet.parent.remove(chance.choice(others))


ANY: tuple[Damage, ...] = (
    *HARMLESS,
    insert_rows,
    wreck_a_cell,
    drop_a_row,
    drop_a_column,
    copy_a_row,
    shift_a_column,
    wreck_the_identity,
    drop_a_sheet,
)


def damaged(kinds: list[Damage], seed: int) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(BytesIO(sound()))
        chance = random.Random(seed)
        for kind in kinds:
            kind(book.worksheets[0], chance)
        content = BytesIO()
        book.save(content)
    return content.getvalue()


@given(kinds=st.lists(st.sampled_from(HARMLESS), max_size=4), seed=st.integers(0, 2**32))
@LESS_OFTEN
def test_what_a_team_may_do_to_its_workbook_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[Damage], seed: int
) -> None:
    found = read(damaged(kinds, seed), tmp_path_factory.getbasetemp())
    assert found is not None
    assert {decided.patient.patient_id: decided.decision for decided in found.decided} == RIGHT
    first = next(decided for decided in found.decided if decided.patient.patient_id == "P-0001")
    assert first.review_on == date(2025, 12, 31)


@given(kinds=st.lists(st.sampled_from(ANY), min_size=1, max_size=4), seed=st.integers(0, 2**32))
@LESS_OFTEN
def test_any_damage_to_cells_and_sheets_is_read_right_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[Damage], seed: int
) -> None:
    read(damaged(kinds, seed), tmp_path_factory.getbasetemp())


def truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def change_a_part(content: bytes, chance: random.Random) -> bytes:
    """Drop, empty or garble one file inside of the workbook."""
    changed = BytesIO()
    with ZipFile(BytesIO(content)) as parts, ZipFile(changed, "w", ZIP_DEFLATED) as written:
        names = parts.namelist()
        victim, how = chance.choice(names), chance.randrange(3)
        for name in names:
            part = parts.read(name)
            if name == victim and how == 0:
                continue
            written.writestr(name, part if name != victim else b"" if how == 1 else flip(part, chance))
    return changed.getvalue()


@given(how=st.sampled_from((truncate, flip, change_a_part)), seed=st.integers(0, 2**32))
@OFTEN
def test_any_damage_to_the_file_itself_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, how: Callable[[bytes, random.Random], bytes], seed: int
) -> None:
    read(how(sound(), random.Random(seed)), tmp_path_factory.getbasetemp())


def test_the_sound_workbook_is_read(tmp_path: Path) -> None:
    found = read(sound(), tmp_path)
    assert found is not None
    assert {decided.patient.patient_id for decided in found.decided} == set(FILLED)
    assert len(ANSWERS) == 5
