"""What a team writes into its workbook, and what the record of reviews holds after it: to be read as tables."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.unit.caselists.example_lists import example_list
from tests.unit.reviews.filling import filled
from vi_risk.reviews.importing import import_packs
from vi_risk.reviews.store import read_reviews
from vi_risk.running.progress import Silence

FIRST, SECOND = date(2025, 11, 11), date(2025, 11, 18)
COLUMNS = ("Decision", "Owner", "Plan", "Review on", "Outcome")

# One line an import: day of the meeting | what stands in the workbook | the reviews after it, and what was told.
Sheet = dict[str, tuple[object, ...]]
Step = tuple[date, Sheet, set[tuple[str, date, str, str | None, date | None, str | None]], str]

STORIES: dict[str, list[Step]] = {
    "two people are discussed; the workbook is imported, and by mistake once more": [
        (
            FIRST,
            {
                "P-0001": ("accept", "GP", "home visit", "31/12/2025"),
                "P-0002": ("not suitable",),
            },
            {
                ("P-0001", FIRST, "accepted", "GP", date(2025, 12, 31), None),
                ("P-0002", FIRST, "not_suitable", None, None, None),
            },
            "2 decisions in 1 workbook: 2 new, 0 corrected, 0 as they were.",
        ),
        (
            SECOND,
            {
                "P-0001": ("accept", "GP", "home visit", "31/12/2025"),
                "P-0002": ("not suitable",),
            },
            {
                ("P-0001", FIRST, "accepted", "GP", date(2025, 12, 31), None),
                ("P-0002", FIRST, "not_suitable", None, None, None),
            },
            "2 decisions in 1 workbook: 0 new, 0 corrected, 2 as they were.",
        ),
    ],
    "the decision stood in the row below; it is corrected, and the right person stays": [
        (
            FIRST,
            {"P-0002": ("accept", "GP")},
            {("P-0002", FIRST, "accepted", "GP", None, None)},
            "1 decision in 1 workbook: 1 new, 0 corrected, 0 as they were.",
        ),
        (
            FIRST,
            {"P-0001": ("accept", "GP")},
            {("P-0001", FIRST, "accepted", "GP", None, None)},
            "1 decision in 1 workbook: 1 new, 0 corrected, 0 as they were.",
        ),
    ],
    "half of the list waits for the next meeting; then an outcome comes in": [
        (
            FIRST,
            {"P-0001": ("accept", "pharmacist")},
            {("P-0001", FIRST, "accepted", "pharmacist", None, None)},
            "1 decision in 1 workbook: 1 new, 0 corrected, 0 as they were.",
        ),
        (
            SECOND,
            {"P-0001": ("accept", "pharmacist", None, None, "done"), "P-0002": ("defer", None, None, "02/12/2025")},
            {
                ("P-0001", FIRST, "accepted", "pharmacist", None, "done"),
                ("P-0002", SECOND, "deferred", None, date(2025, 12, 2), None),
            },
            "2 decisions in 1 workbook: 1 new, 1 corrected, 0 as they were.",
        ),
    ],
    "a person is taken on, put off a week later by mistake, and taken on again the same day": [
        (
            FIRST,
            {"P-0001": ("accept", "GP")},
            {("P-0001", FIRST, "accepted", "GP", None, None)},
            "1 decision in 1 workbook: 1 new, 0 corrected, 0 as they were.",
        ),
        (
            SECOND,
            {"P-0001": ("defer",)},
            {("P-0001", FIRST, "accepted", "GP", None, None), ("P-0001", SECOND, "deferred", None, None, None)},
            "1 decision in 1 workbook: 1 new, 0 corrected, 0 as they were.",
        ),
        (
            SECOND,
            {"P-0001": ("accept", "GP")},
            {("P-0001", FIRST, "accepted", "GP", None, None), ("P-0001", SECOND, "accepted", "GP", None, None)},
            "1 decision in 1 workbook: 0 new, 1 corrected, 0 as they were.",
        ),
    ],
    "nothing was decided yet": [(FIRST, {}, set(), "No decision in 1 workbook: nothing imported.")],
}


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_what_a_team_decides_comes_back_as_it_meant_it(tmp_path: Path, story: str, ending: str) -> None:
    file = tmp_path / f"reviews.{ending}"
    case_list = example_list(3, hostile=False)
    for meeting, sheet, after, told in STORIES[story]:
        answers = {patient: dict(zip(COLUMNS, cells, strict=False)) for patient, cells in sheet.items()}
        path = filled(tmp_path / "M92001.xlsx", answers, case_list)
        lines = import_packs([path], file, reviewed_on=meeting, by="Dr Rao", today=date(2026, 11, 1), report=Silence())
        assert lines[0] == told
        reviews = read_reviews(file)
        columns = ["patient_id", "reviewed_on", "decision", "owner", "review_on", "outcome_code"]
        assert set(reviews[columns].itertuples(index=False, name=None)) == after
        assert pd.Series(reviews["recorded_on"]).equals(pd.Series(reviews["reviewed_on"]).rename("recorded_on"))
    assert file.exists() == bool(STORIES[story][-1][2])
