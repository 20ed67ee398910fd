"""The dates of a replay that are done."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from vi_risk.replaying.finds import LISTED_COLUMNS, DateEvidence
from vi_risk.replaying.finished import FinishedDates
from vi_risk.replaying.not_run import NotRun
from vi_risk.running.files import JOURNAL

SPRING, SUMMER = date(2024, 4, 1), date(2024, 7, 1)


def evidence(day: date) -> DateEvidence:
    return DateEvidence(day, False, 100, 10, 600, 40, {"Frailty": 9})


def listed(day: date) -> pd.DataFrame:
    return pd.DataFrame([(day, 0, "p1", "A", 1, float("nan"))], columns=[*LISTED_COLUMNS])


def test_a_date_that_is_done_is_there_for_who_asks_the_same(tmp_path: Path) -> None:
    FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this").keep(evidence(SPRING), listed(SPRING))

    found = FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this")

    assert (found.holds(SPRING), found.holds(SUMMER)) == (True, False)
    assert found.evidence(SPRING) == evidence(SPRING)
    assert found.listed([SPRING])["patient_id"].tolist() == ["p1"]


def test_a_date_that_could_not_be_run_is_done_with_its_reason(tmp_path: Path) -> None:
    FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this").keep_not_run(NotRun(SPRING, "too few events"))

    found = FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this")
    found.keep(evidence(SUMMER), listed(SUMMER))

    assert found.holds(SPRING)
    assert found.not_run([SPRING, SUMMER]) == [NotRun(SPRING, "too few events")]


def test_whoever_asks_something_else_finds_nothing(tmp_path: Path) -> None:
    FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this").keep(evidence(SPRING), listed(SPRING))

    assert not FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="that").holds(SPRING)


@pytest.mark.parametrize("journal", ["", "{", '[{"stage": "features"}]', "{}"])
def test_a_journal_of_something_else_is_as_good_as_none(tmp_path: Path, journal: str) -> None:
    FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this").keep(evidence(SPRING), listed(SPRING))
    (tmp_path / JOURNAL).write_text(journal)

    assert not FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this").holds(SPRING)


def test_a_date_whose_evidence_was_not_written_is_done_again(tmp_path: Path) -> None:
    found = FinishedDates.in_folder(tmp_path, tmp_path / "dates", asked="this")
    listed(SPRING).to_parquet(tmp_path / "dates" / f"{SPRING}.parquet")
    (tmp_path / "dates" / f".{SPRING}.json").write_text("{")  # killed while it was written

    assert not found.holds(SPRING)
