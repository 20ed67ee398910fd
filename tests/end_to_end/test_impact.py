"""`vi-risk impact` as an analyst runs it: on practices that joined one by one, and on the lists of an earlier run."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import Ended, run_here
from vi_risk import write_trust
from vi_risk.records.synthetic import Effects

LIST = date(2021, 7, 1)
PEOPLE, PLACES = 2500, 30
PEOPLE_FILE = "people.parquet"  # beside the trust: whom the run scored


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Practices that joined from June 2016 on, and a list whose first were all reviewed."""
    folder = tmp_path_factory.mktemp("joined") / "trust"
    asked = {"patients": PEOPLE, "seed": 2, "first_day": date(2016, 6, 1), "last_day": date(2022, 12, 31)}
    write_trust(folder, **asked, index_dates=[LIST])
    people = people_of(folder)
    reviews = pd.DataFrame({"patient_id": people.loc[people["listed"], "patient_id"]})
    reviews["reviewed_on"] = pd.Timestamp(LIST)
    people.to_parquet(folder.parent / PEOPLE_FILE)
    shutil.rmtree(folder)
    write_trust(folder, **asked, reviews=reviews, effects=Effects(0.6, 0.5))
    return folder


def people_of(trust: Path) -> pd.DataFrame:
    truth = pd.read_parquet(trust / "truth.parquet").rename(columns={"true_risk": "risk"})
    registered = pd.read_parquet(trust / "registrations.parquet")
    there = registered[(registered["registered_from"] < LIST) & ~(registered["registered_to"] <= LIST).fillna(False)]
    people = truth.merge(there.drop_duplicates("patient_id", keep="last")[["patient_id", "practice_code"]])
    rank = people.groupby("practice_code")["risk"].rank(ascending=False, method="first")
    return people.assign(listed=rank <= PLACES)


@pytest.fixture(scope="module")
def run(trust: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What of a run's output folder is read: who was scored, and who was listed."""
    out = tmp_path_factory.mktemp("acted_on") / "out"
    (out / "case_lists").mkdir(parents=True)
    people = pd.read_parquet(trust.parent / PEOPLE_FILE)
    people[["patient_id", "risk"]].to_parquet(out / "scores.parquet")
    people.assign(role="list")[["patient_id", "practice_code", "role"]].to_parquet(out / "cohort.parquet")
    listed = people[people["listed"]]
    listed[["patient_id", "practice_code"]].to_parquet(out / "case_lists" / "listed.parquet")
    about = {"features": {"index_dates": {"list": LIST.isoformat()}}, "case_lists": {"capacity": PLACES}, "records": {}}
    (out / "run.json").write_text(json.dumps(about))
    return out


def asked_in(cwd: Path, *arguments: object) -> Ended:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        result = run_here("impact", *arguments)
    return Ended(cwd, result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def helped(trust: Path, run: Path, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    return asked_in(tmp_path_factory.mktemp("helped"), "--records", trust, "--run", run, "--out", "helped")


def test_it_says_what_the_intervals_allow(helped: Ended) -> None:
    assert helped.code == 0, helped.stderr
    assert "Emergency admissions: " in helped.stdout
    assert re.search(r"per 100 registered a month|no effect is told", helped.stdout)
    assert "Reviews, at the line of the list: " in helped.stdout
    content = json.loads((helped.cwd / "helped" / "impact.json").read_text())
    assert set(content["practices"]["outcomes"]) == {"emergency_admissions", "ed_attendances", "readmissions"}
    assert content["reviewed"]["people"] % 5 == 0
    assert content["reviewed"]["at_the_line"]["step"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert content["untold"] == {}


def test_the_page_is_one_file_with_the_naive_difference_under_its_name(helped: Ended) -> None:
    page = (helped.cwd / "helped" / "impact.html").read_text()
    assert "regression to the mean, not an effect" in page
    assert "<svg" in page
    assert not re.search(r"""(src|href)=["']?http""", page)
    assert "-0.11 unplanned admissions" in page
    assert (helped.cwd / "helped" / "impact.html").stat().st_mode & 0o077 == 0


def test_no_person_stands_in_what_is_kept(helped: Ended, trust: Path) -> None:
    people = pd.read_parquet(trust / "patients.parquet")["patient_id"]
    kept = (helped.cwd / "helped" / "impact.json").read_text() + (helped.cwd / "helped" / "impact.html").read_text()
    assert not [one for one in people if one in kept]


def test_the_same_question_gives_the_same_bytes(helped: Ended, trust: Path, run: Path, tmp_path: Path) -> None:
    again = asked_in(tmp_path, "--records", trust, "--run", run, "--out", "helped")
    assert again.code == 0
    for name in ("impact.html", "impact.json"):
        assert (tmp_path / "helped" / name).read_bytes() == (helped.cwd / "helped" / name).read_bytes()


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (("--from", "2020-01-01", "--to", "2020-01-01"), 2, "the window is empty"),
        (("--from", "2020-01-01", "--to", "2020-09-01"), 3, "expected at least 24 whole months"),
        (("--run", "nowhere"), 3, "run.json: is not in the output folder"),
    ],
)
def test_what_cannot_be_told_is_refused(
    trust: Path, tmp_path: Path, more: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "nowhere").mkdir()
    ended = asked_in(tmp_path, "--records", trust, *more)
    assert ended.code == code, ended.stderr
    assert said in " ".join(ended.stderr.split())
    assert not (tmp_path / "helped").exists()


@pytest.mark.parametrize(
    ("list_date", "said"),
    [(date(2022, 1, 1), "they are dated before the list"), (date(2022, 11, 1), "has not been followed for 180 days")],
)
def test_a_list_without_its_reviews_or_its_time_is_told_apart(
    trust: Path, run: Path, tmp_path: Path, list_date: date, said: str
) -> None:
    later = shutil.copytree(run, tmp_path / "later")
    about = json.loads((later / "run.json").read_text())
    about["features"]["index_dates"]["list"] = list_date.isoformat()
    (later / "run.json").write_text(json.dumps(about))
    ended = asked_in(tmp_path, "--records", trust, "--run", later, "--out", "helped")
    assert ended.code == 0, ended.stderr  # what joining did is told all the same
    content = json.loads((tmp_path / "helped" / "impact.json").read_text())
    assert content["reviewed"] is None
    assert said in content["untold"]["reviewed"]
