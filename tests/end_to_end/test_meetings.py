"""From one meeting to the next: a list, decisions in its workbook, and a list three months later that knows of them."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from tests.end_to_end.conftest import LIST_DATE, contents, run_here

OCTOBER, MEETING = "2024-10-01", "2024-10-15"  # the meeting is 11 weeks before the list of January


@dataclass(frozen=True)
class Meeting:
    """The list of October as a team left it, and the list of January."""

    cwd: Path
    practice: str
    accepted: str
    deferred: str
    told: str

    @property
    def january(self) -> Path:
        return self.cwd / "january" / "case_lists"


@pytest.fixture(scope="module")
def meeting(trust: Path, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Meeting:
    cwd = tmp_path_factory.mktemp("meetings")
    run = ("run", "--records", trust, "--model", small_model, "--capacity", 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        assert run_here(*run, "--index-date", OCTOBER, "--out", "october").exit_code == 0
        listed = pd.read_parquet("october/case_lists/listed.parquet")
        practice = str(listed["practice_code"].iloc[0])
        accepted, deferred = _first_two_reviewable(listed, practice)
        workbook = f"october/case_lists/{practice}.xlsx"
        _decide(
            Path(workbook),
            {accepted: {"Decision": "accept", "Owner": "community matron"}, deferred: {"Decision": "defer"}},
        )
        brought = run_here(
            *("reviews", "import", workbook, "--reviews", "reviews.parquet"),
            *("--reviewed-on", MEETING, "--by", "test"),
        )
        assert brought.exit_code == 0, brought.stderr
        after = run_here(
            *(*run, "--index-date", LIST_DATE, "--out", "january"),
            *("--previous", "october", "--reviews", "reviews.parquet"),
        )
    assert after.exit_code == 0, after.stderr
    return Meeting(cwd, practice, accepted, deferred, after.stderr)


def _first_two_reviewable(listed: pd.DataFrame, practice: str) -> tuple[str, str]:
    first, second, *_ = listed.loc[listed["practice_code"] == practice].sort_values("rank")["patient_id"]
    return str(first), str(second)


def _decide(workbook: Path, answers: dict[str, dict[str, str]]) -> None:
    book = openpyxl.load_workbook(workbook)
    sheet = book["Case list"]
    place = {str(cell.value): cell.column for cell in sheet[1] if cell.value is not None}
    for row in range(2, sheet.max_row + 1):
        for heading, text in answers.get(str(sheet.cell(row, place["Patient"]).value), {}).items():
            sheet.cell(row, place[heading], text)
    book.save(workbook)


def _rows(meeting: Meeting) -> dict[str, dict[str, str]]:
    with (meeting.january / f"{meeting.practice}.csv").open(encoding="utf-8-sig", newline="") as opened:
        return {row["patient_id"]: row for row in csv.DictReader(opened)}


def _run_file(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return found


def test_whom_the_meeting_took_on_is_not_discussed_again_so_soon_and_that_is_said(meeting: Meeting) -> None:
    assert meeting.accepted not in _rows(meeting)
    assert _run_file(meeting.cwd / "january")["case_lists"]["kept_off"]["reviewed in the last 12 weeks"] >= 1
    left = openpyxl.load_workbook(meeting.january / f"{meeting.practice}.xlsx", read_only=True)
    cells = [
        str(value)
        for sheet in left
        if sheet.title != "Case list"
        for row in sheet.iter_rows(values_only=True)
        for value in row
    ]
    left.close()
    assert meeting.accepted in cells


def test_whom_the_meeting_put_off_may_be_listed_and_their_last_review_is_told(meeting: Meeting) -> None:
    listed = _rows(meeting)
    told = [row["last_review"] for row in listed.values()]

    assert all(told)
    if meeting.deferred in listed:
        assert listed[meeting.deferred]["last_review"].startswith("15 October 2024: deferred")


def test_every_listed_person_says_where_they_stood_in_october(meeting: Meeting) -> None:
    october = pd.read_parquet(meeting.cwd / "october" / "case_lists" / "listed.parquet")
    before = october[october["practice_code"] == meeting.practice].set_index("patient_id")["rank"]

    for patient, row in _rows(meeting).items():
        assert row["is_new"] == ("no" if patient in before.index else "yes")
        assert row["rank_before"] == (str(before[patient]) if patient in before.index else "")


def test_nobody_of_the_list_before_is_left_out_in_silence(meeting: Meeting) -> None:
    october = pd.read_parquet(meeting.cwd / "october" / "case_lists" / "listed.parquet")
    of_practice = set(october.loc[october["practice_code"] == meeting.practice, "patient_id"])
    page = (meeting.january / f"{meeting.practice}.html").read_text(encoding="utf-8")

    for patient in of_practice - set(_rows(meeting)):
        assert patient in page


def test_what_became_of_the_reviews_is_in_the_report_of_the_run(meeting: Meeting) -> None:
    assert "reviews: 1 of 2 accepted" in meeting.told
    assert _run_file(meeting.cwd / "january")["records"]["reviews"][0] == "reviews: 1 of 2 accepted"


def test_the_same_workbook_again_changes_nothing(meeting: Meeting) -> None:
    before = (meeting.cwd / "reviews.parquet").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(meeting.cwd)
        again = run_here(
            *("reviews", "import", f"october/case_lists/{meeting.practice}.xlsx", "--reviews", "reviews.parquet"),
            *("--reviewed-on", MEETING, "--by", "test"),
        )

    assert again.exit_code == 0
    assert "2 as they were" in again.stdout
    assert (meeting.cwd / "reviews.parquet").read_bytes() == before


def test_stage_by_stage_the_lists_are_the_same(meeting: Meeting, trust: Path, small_model: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(meeting.cwd)
        stages: tuple[tuple[object, ...], ...] = (
            (
                *("features", "build", "--records", trust, "--model", small_model, "--index-date", LIST_DATE),
                *("--previous", "october", "--reviews", "reviews.parquet"),
            ),
            ("train",),
            ("evaluate", "--capacity", 8),
            ("score", "--model", "own"),
            ("caselist", "--capacity", 8),
        )
        for stage in stages:
            ended = run_here(*stage, "--out", "staged")
            assert ended.exit_code == 0, ended.stderr

    assert contents(meeting.cwd / "staged" / "case_lists") == contents(meeting.january)


def test_a_list_before_of_another_model_is_refused(
    meeting: Meeting, trust: Path, small_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(small_model.read_text().replace('name = "small"', 'name = "other"'))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(meeting.cwd)
        ended = run_here(
            *("features", "build", "--records", trust, "--model", other, "--index-date", LIST_DATE),
            *("--previous", "october", "--out", "refused"),
        )

    assert ended.exit_code == 2
    assert "--previous october: holds a list of the model small, and this one is of other" in ended.stderr
    assert not (meeting.cwd / "refused").exists()


@pytest.mark.parametrize("previous", ["october", "./october"])
def test_features_are_not_built_over_the_list_that_they_are_compared_with(
    meeting: Meeting, trust: Path, small_model: Path, previous: str
) -> None:
    before = contents(meeting.cwd / "october")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(meeting.cwd)
        ended = run_here(
            *("features", "build", "--records", trust, "--model", small_model, "--index-date", LIST_DATE),
            *("--previous", previous, "--out", "october"),
        )

    assert ended.exit_code == 2
    assert f"--previous {previous}: is the folder of --out, whose lists go" in ended.stderr
    assert contents(meeting.cwd / "october") == before


@pytest.mark.parametrize(
    ("previous", "told"),
    [
        ("no_such", "--previous no_such: is no folder and no date"),
        ("january", "holds the list of 2025-01-01, and this one is of 2025-01-01"),
        ("2030-01-01", "expected a date inside the records"),
    ],
)
def test_a_list_before_that_is_none_is_refused_before_anything_is_built(
    meeting: Meeting, trust: Path, small_model: Path, previous: str, told: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(meeting.cwd)
        ended = run_here(
            *("run", "--records", trust, "--model", small_model, "--index-date", LIST_DATE),
            *("--previous", previous, "--out", "refused"),
        )

    assert ended.exit_code in (2, 3)
    assert told in ended.stderr
    assert not (meeting.cwd / "refused").exists()
