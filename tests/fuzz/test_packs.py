"""Whatever is written into the cells of a pack, it is imported, or refused in words that tell of nobody."""

import random
import warnings
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.everything_logged import everything_logged
from tests.fuzz.kinds import ZEBRA
from tests.fuzz.reading import CASES
from tests.fuzz.test_declared_files import AT_LENGTH, QUICKLY
from tests.unit.caselists.example_lists import example_list
from tests.unit.reviews.filling import book_of, fill
from tests.unit.reviews.test_damaged_workbooks import ANY, FILLED
from vi_risk.errors import ViRiskError
from vi_risk.reviews.form import IDENTITY_SHEET, LIST_SHEET
from vi_risk.reviews.importing import import_packs
from vi_risk.reviews.store import read_reviews
from vi_risk.running.progress import Silence

MEETING = date(2025, 11, 11)

# What a cell may hold: text that Excel can write, numbers, truth, days and moments far and near, formulas, errors.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
CELL = st.one_of(
    TEXT,
    TEXT.map(lambda text: f"{ZEBRA}{text}"),
    st.sampled_from(["accept", "Decline", " defer ", "already in hand", "done", "=1+1", "=A1", "#REF!", "#N/A", None]),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(min_value=date(1901, 1, 1)),
    st.datetimes(),
    st.timedeltas(),
    st.times(),
)
Cells = list[tuple[int, int, Any]]
CELLS: st.SearchStrategy[Cells] = st.lists(st.tuples(st.integers(1, 8), st.integers(1, 40), CELL), max_size=8)


@cache
def sound() -> bytes:
    """Return a filled-in pack, its sheets that no import reads left out: they take most of the time."""
    book = fill(book_of(example_list(5, hostile=False, summary=None, excluded_counts={})), FILLED)
    for sheet in book.worksheets:
        if sheet.title not in (LIST_SHEET, IDENTITY_SHEET):
            book.remove(sheet)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def imported(cells: Cells, kinds: list[Any], seed: int, folder: Path) -> None:
    """Write cells into a pack, damage its sheets, import it, and look at what came of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of styles that it does not keep
        book = openpyxl.load_workbook(BytesIO(sound()))
        for row, column, value in cells:
            try:
                book.worksheets[0].cell(row, column).value = value
            except ValueError:  # a program that writes workbooks would not write it either
                continue
        for kind in kinds:
            kind(book.worksheets[0], random.Random(seed))
        content = BytesIO()
        try:
            book.save(content)
        except (ValueError, OverflowError):
            return
    pack, store = folder / "back.xlsx", folder / "reviews.parquet"
    pack.write_bytes(content.getvalue())
    store.unlink(missing_ok=True)
    refusal: ViRiskError | None = None
    with everything_logged() as log:
        try:
            import_packs([pack], store, reviewed_on=MEETING, by="a meeting", today=MEETING, report=Silence())
        except ViRiskError as error:
            refusal = error
    assert log.holding([ZEBRA]) == []
    CASES["pack", "accepted" if refusal is None else "refused"] += 1
    if refusal is None:
        read_reviews(store)  # what was written can be read again
        return
    assert pack.name in str(refusal)
    assert ZEBRA not in str(refusal)
    assert refusal.__suppress_context__ or refusal.__context__ is None
    assert not store.exists()  # nothing of a refused pack is kept


def run(folder: Path, how: settings) -> None:
    @given(CELLS, st.lists(st.sampled_from(ANY), max_size=2), st.integers(0, 2**32))
    @how
    def each(cells: Cells, kinds: list[Any], seed: int) -> None:
        imported(cells, kinds, seed, folder)

    each()


def test_a_pack_with_any_cells_is_imported_or_refused_in_words(tmp_path: Path) -> None:
    run(tmp_path, settings(QUICKLY, max_examples=40))

    assert CASES["pack", "accepted"] > 1
    assert CASES["pack", "refused"] > 1


@pytest.mark.slow
def test_many_packs_with_any_cells_are_imported_or_refused_in_words(tmp_path: Path) -> None:
    run(tmp_path, settings(AT_LENGTH, max_examples=300))
