"""`vi-risk impact` of two runs whose lists were discussed, and whose decisions came back in their workbooks."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from tests.end_to_end.conftest import Ended, run_here
from vi_risk import write_trust

LISTS = {"spring": date(2023, 4, 1), "winter": date(2024, 1, 1)}
MEETING_AFTER_DAYS = 14
PEOPLE, PLACES = 1500, 10


@pytest.fixture(scope="module")
def helped(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    cwd = tmp_path_factory.mktemp("discussed")
    write_trust(cwd / "records", patients=PEOPLE, seed=3, first_day=date(2020, 1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        for name, day in LISTS.items():
            asked = ("--records", "records", "--model", small_model, "--capacity", PLACES, "--index-date", day)
            ran = run_here("run", *asked, "--out", name)
            assert ran.exit_code == 0, ran.stderr
            workbooks = sorted((cwd / name / "case_lists").glob("*.xlsx"))
            for workbook in workbooks:
                accept_every_second(workbook)
            met = (pd.Timestamp(day) + pd.Timedelta(days=MEETING_AFTER_DAYS)).date()
            told = ("--reviews", "reviews.parquet", "--reviewed-on", met, "--by", "test")
            brought = run_here("reviews", "import", *workbooks, *told)
            assert brought.exit_code == 0, brought.stderr
        runs = [part for name in LISTS for part in ("--run", name)]
        ended = run_here("impact", "--records", "records", *runs, "--reviews", "reviews.parquet", "--out", "helped")
    return Ended(cwd, ended.exit_code, ended.stdout, ended.stderr)


def accept_every_second(workbook: Path) -> None:
    book = openpyxl.load_workbook(workbook)
    sheet = book["Case list"]
    [column] = [cell.column for cell in sheet[1] if cell.value == "Decision"]
    for row in range(2, sheet.max_row + 1, 2):
        sheet.cell(row, column, "accept")
    book.save(workbook)


@pytest.fixture(scope="module")
def reviewed(helped: Ended) -> dict[str, Any]:
    assert helped.code == 0, helped.stderr
    found: dict[str, Any] = json.loads((helped.cwd / "helped" / "impact.json").read_text())["reviewed"]
    return found


def test_the_decisions_that_came_back_are_the_reviews(helped: Ended, reviewed: dict[str, Any]) -> None:
    kept = pd.read_parquet(helped.cwd / "reviews.parquet")
    own = pd.read_parquet(helped.cwd / "records" / "mdt_reviews.parquet")
    listed = [pd.read_parquet(helped.cwd / name / "case_lists" / "listed.parquet") for name in LISTS]
    assert len(kept) > 40
    assert set(kept["patient_id"]) <= set(pd.concat(listed)["patient_id"])
    # Those of the trust's own teams count as well, where the run scored them.
    assert len(kept) - 5 <= reviewed["people"] <= len(kept) + len(own) + 5


def test_both_lists_are_followed_for_every_outcome(reviewed: dict[str, Any]) -> None:
    assert reviewed["lists"] == [day.isoformat() for day in LISTS.values()]
    for way in ("at_the_line", "matched"):
        outcomes = reviewed[way]["outcomes"]
        assert set(outcomes) == {"emergency_admissions", "ed_attendances", "readmissions"}
        assert all((one["effect"] is None) == bool(one["why_not"]) for one in outcomes.values())
    assert set(reviewed["before_after"]["reviewed"]) == set(reviewed["matched"]["outcomes"])


def test_no_person_stands_in_what_is_kept(helped: Ended) -> None:
    people = pd.read_parquet(helped.cwd / "records" / "patients.parquet")["patient_id"]
    kept = "".join((helped.cwd / "helped" / name).read_text() for name in ("impact.json", "impact.html"))
    assert not [one for one in people if one in kept + helped.stdout + helped.stderr]


def test_without_the_decisions_fewer_were_reviewed(helped: Ended, reviewed: dict[str, Any]) -> None:
    runs = [part for name in LISTS for part in ("--run", name)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(helped.cwd)
        ended = run_here("impact", "--records", "records", *runs, "--out", "alone")
    if ended.exit_code == 0:
        alone = json.loads((helped.cwd / "alone" / "impact.json").read_text())["reviewed"]
        assert alone is None or alone["people"] is None or alone["people"] < reviewed["people"]
    else:
        assert "mdt_reviews: expected reviews" in ended.stderr
