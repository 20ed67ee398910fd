"""A replayed list is the one that a run of its day would have made, and nothing that came later changes it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from tests.end_to_end.conftest import LIST_DATE, SMALL_MODEL, Invoke
from tests.end_to_end.test_known_then import DAY, Tables, with_another_future, without_a_future
from vi_risk.caselists.choosing.rules import load_rules
from vi_risk.caselists.ranking import choose
from vi_risk.cohort.index_dates import IndexDates
from vi_risk.cohort.people import cohort_at_each, cohort_frame
from vi_risk.errors import InputError
from vi_risk.features.cache import FeatureCache
from vi_risk.features.catalogue import read_catalogue
from vi_risk.governance.small_numbers import Disclosure
from vi_risk.models.answers import LATER
from vi_risk.models.on_snapshots import train
from vi_risk.models.planning import plan_people
from vi_risk.models.scoring import score
from vi_risk.models.snapshots import build_features
from vi_risk.models.spec import ModelSpec, load_spec
from vi_risk.records.linked import Records
from vi_risk.records.permission import NOBODYS
from vi_risk.records.synthetic import make_trust
from vi_risk.replaying.asked import ReplayRequest
from vi_risk.replaying.dates import ReplayDates, months_later, step_of
from vi_risk.replaying.kept import keep_replay
from vi_risk.replaying.past_list import past_list, prepared, trained
from vi_risk.replaying.people import people_at_each
from vi_risk.replaying.replay import replay
from vi_risk.replaying.report import ReplayReport
from vi_risk.tracking.opening import opened

BEFORE = date(2024, 4, 1)  # a quarter before DAY
PLACES = 5


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    """A small model whose windows after both dates are over in the whole records."""
    file = tmp_path_factory.mktemp("replayed") / "quarter.toml"
    file.write_text(SMALL_MODEL.replace("horizon_days = 365", "horizon_days = 91").replace("12 months", "3 months"))
    return load_spec(file)


@pytest.fixture(scope="module")
def tables() -> Tables:
    made = make_trust(patients=1500, seed=3)
    del made["objections"]  # who objects later is left out of earlier dates too: that is another test
    return made


def records_of(tables: Mapping[str, pd.DataFrame]) -> Records:
    return Records.from_frames(tables, permission=NOBODYS)


def asked(spec: ModelSpec, out: Path, **more: object) -> ReplayRequest:
    dates = ReplayDates.between(BEFORE, DAY, step_of("3m"))
    return ReplayRequest(dates=dates, out=out, spec=spec, capacity=PLACES, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def replayed(tables: Tables, spec: ModelSpec, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReplayReport]:
    out = tmp_path_factory.mktemp("replay") / "out"
    return out, replay(records_of(tables), asked(spec, out))


def listed_in(out: Path, *, late: int = 0) -> pd.DataFrame:
    rows = pd.read_parquet(out / "listed.parquet")
    rows = rows[rows["months_late"] == late]
    return rows[["index_date", "practice_code", "rank", "patient_id"]].reset_index(drop=True)


def test_scores_and_list_of_a_date_are_those_of_a_run_on_records_cut_to_it(
    tables: Tables, spec: ModelSpec, replayed: tuple[Path, ReplayReport], tmp_path: Path
) -> None:
    snapshots = build_features(records_of(without_a_future(tables)), spec, index_date=DAY, catalogue=read_catalogue())
    scores = score(train(snapshots, spec), snapshots, spec=spec)
    listed = choose(scores, snapshots, rules=load_rules(), capacity=PLACES)
    whole, request = records_of(tables), asked(spec, tmp_path / "out")

    (people,), _ = people_at_each(whole, [DAY], request, tmp_path / "people")
    rules, cache = load_rules(), FeatureCache(tmp_path / "cache")
    what = prepared(whole, people, request, rules, cache)
    past = past_list(whole, what, trained(what, request), request, rules, cache)

    pd.testing.assert_frame_equal(past.scores, scores, check_exact=True)
    assert past.scores["risk"].to_numpy().tobytes() == scores["risk"].to_numpy().tobytes()
    of_day = listed_in(replayed[0])
    of_day = of_day[of_day["index_date"] == DAY]
    assert of_day["patient_id"].tolist() == listed["patient_id"].tolist() != []
    assert of_day["rank"].tolist() == listed["rank"].tolist()


@pytest.mark.parametrize("change", [without_a_future, with_another_future], ids=lambda change: change.__name__)
def test_no_row_that_happened_or_arrived_on_or_after_a_date_changes_its_list(
    tables: Tables,
    spec: ModelSpec,
    replayed: tuple[Path, ReplayReport],
    tmp_path: Path,
    change: Callable[[Tables], Tables],
) -> None:
    report = replay(records_of(change(tables)), asked(spec, tmp_path / "out"))

    for late in (0, 1, 2, 3):
        pd.testing.assert_frame_equal(listed_in(tmp_path / "out", late=late), listed_in(replayed[0], late=late))
    for then, now in zip(report.dates, replayed[1].dates, strict=True):
        assert (then.people, then.rows, then.training_events, then.themes) == (
            now.people,
            now.rows,
            now.training_events,
            now.themes,
        )


def test_what_came_later_does_change_what_is_told_of_a_list(
    tables: Tables, spec: ModelSpec, replayed: tuple[Path, ReplayReport], tmp_path: Path
) -> None:
    """Outcomes are those of everything known now; a window that the records cut short has none."""
    report = replay(records_of(without_a_future(tables)), asked(spec, tmp_path / "out"))

    assert [one.closed for one in replayed[1].dates] == [True, True]
    assert not report.dates[-1].closed
    assert report.dates[-1].auroc is report.dates[-1].true_cases is None
    assert report.churn == replayed[1].churn  # who is listed is known all the same


def test_the_files_are_their_owners_alone_and_tell_no_small_number(replayed: tuple[Path, ReplayReport]) -> None:
    out, report = replayed
    told = json.loads((out / "replay.json").read_text())
    page = (out / "replay.html").read_text()

    assert {path.name for path in out.iterdir()} == {"replay.html", "replay.json", "listed.parquet", "dates"}
    assert all(path.stat().st_mode & 0o077 == 0 for path in out.rglob("*"))
    assert all(one["events"] % 5 == 0 and one["people"] % 5 == 0 for one in told["dates"])
    assert any(one.people % 5 for one in report.dates)  # the exact ones are not all multiples of five
    assert not any(patient in page for patient in listed_in(out)["patient_id"])


def test_a_replay_that_was_broken_off_goes_on_with_the_dates_that_it_had_finished(
    tables: Tables,
    spec: ModelSpec,
    replayed: tuple[Path, ReplayReport],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    made: list[object] = []

    def breaks_off(*given: object) -> object:
        if made:
            raise KeyboardInterrupt
        made.append(given[1])
        return past_list(*given)  # type: ignore[arg-type]

    records = records_of(tables)
    monkeypatch.setattr("vi_risk.replaying.replay.past_list", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        replay(records, asked(spec, out))

    def second_alone(*given: object) -> object:
        assert given[1].people.day == DAY  # type: ignore[attr-defined]
        return past_list(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("vi_risk.replaying.replay.past_list", second_alone)
    replay(records, asked(spec, out, resume=True))

    for name in ("replay.html", "replay.json"):
        assert (out / name).read_bytes() == (replayed[0] / name).read_bytes()


def test_people_of_a_date_are_those_that_a_run_of_the_day_would_ask_about(
    tables: Tables, spec: ModelSpec, tmp_path: Path
) -> None:
    """Several dates are asked together, and the words for readers left out: all that decides a list is the same."""
    records = records_of(tables)
    both, _ = people_at_each(records, [BEFORE, DAY], asked(spec, tmp_path / "out"), tmp_path / "people")

    for found in both:
        plan, cohort = plan_people(records, spec, index_date=found.day)
        written = pd.read_parquet(found.cohort)
        of_run = cohort.drop(columns=[name for name in cohort if name not in written])
        pd.testing.assert_frame_equal(written[[*of_run]], of_run, check_dtype=False)
        assert {*cohort} - {*written} == {f"{what}_{days}" for what in ("outcome", "weight") for days in LATER}
        assert (found.plan.index_dates, found.plan.windows) == (plan.index_dates, plan.windows)
        assert found.plan.practices == plan.practices
        for months, file in found.delayed.items():
            late = months_later(found.day, -months)
            dates = IndexDates(late, test=late, train=())
            alone = cohort_frame(cohort_at_each(records.as_of(late), dates, min_age=spec.cohort.min_age)[1:])
            pd.testing.assert_frame_equal(pd.read_parquet(file), alone, check_dtype=False)


def test_a_date_that_cannot_be_trained_stands_with_its_reason_and_the_others_go_on(
    tables: Tables, spec: ModelSpec, replayed: tuple[Path, ReplayReport], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    events = {one.training_events: one.day for one in replayed[1].dates}
    fewest, most = min(events), max(events)
    assert fewest < most
    needs_more = spec.with_changes(learner={"min_events": most})
    too_early = date(2021, 1, 1)
    dates = ReplayDates((too_early, BEFORE, DAY))

    report = replay(records_of(tables), replace(asked(needs_more, out), dates=dates))

    assert [one.day for one in report.dates] == [events[most]]
    assert [one.day for one in report.not_run] == [too_early, events[fewest]]
    assert f"found {fewest} events" in report.not_run[1].reason
    before = listed_in(replayed[0])
    pd.testing.assert_frame_equal(listed_in(out), before[before["index_date"] == events[most]].reset_index(drop=True))
    page = (out / "replay.html").read_text()
    assert "2 dates of 3 could not be run" in page
    assert f"<strong>{events[fewest]}</strong>: outcome: expected at least" in page
    assert f"found {Disclosure().words(fewest)} events" in page  # rounded
    with pytest.raises(InputError, match="none of the dates could be run"):
        replay(records_of(tables), asked(spec.with_changes(learner={"min_events": 9999}), tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("treated_as", ["exclude", "covariate", "weight"])
def test_where_reviews_are_exposure_the_model_is_that_of_a_run(
    tables: Tables, spec: ModelSpec, tmp_path: Path, treated_as: str
) -> None:
    exposed = spec.with_changes(reviews={"treated_as": treated_as})
    snapshots = build_features(
        records_of(without_a_future(tables)), exposed, index_date=DAY, catalogue=read_catalogue()
    )
    scores = score(train(snapshots, exposed), snapshots, spec=exposed)
    listed = choose(scores, snapshots, rules=load_rules(), capacity=PLACES)

    report = replay(records_of(tables), asked(exposed, tmp_path / "out"))

    of_day = listed_in(tmp_path / "out")
    of_day = of_day[of_day["index_date"] == DAY]
    assert of_day["patient_id"].tolist() == listed["patient_id"].tolist() != []
    assert report.treated_as == treated_as
    assert "Reviewed, left out" in (tmp_path / "out" / "replay.html").read_text()


def test_a_replay_is_kept_in_mlflow_without_who_was_listed(
    spec: ModelSpec, replayed: tuple[Path, ReplayReport], tmp_path: Path
) -> None:
    out, report = replayed
    uri = f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}"

    run_id = keep_replay(report, asked(spec, out), tracking_uri=uri)

    with opened(uri) as client:
        run = client.get_run(run_id)
        over_dates = client.get_metric_history(run_id, "auroc")
        files = [file.path for file in client.list_artifacts(run_id, "replay")]
    assert run.data.tags["kind"] == "replay"
    assert run.data.params["dates"] == f"{BEFORE} {DAY}"
    assert [one.step for one in over_dates] == [0, 1]
    aurocs = [one.auroc for one in report.dates if one.auroc is not None]
    assert [one.value for one in over_dates] == pytest.approx(aurocs, abs=1e-4)
    assert all(value % 5 == 0 for name, value in run.data.metrics.items() if "true_cases" in name)
    assert sorted(files) == ["replay/replay.html", "replay/replay.json"]


def test_who_objects_by_now_is_on_no_list_of_any_date(
    tables: Tables, spec: ModelSpec, replayed: tuple[Path, ReplayReport], tmp_path: Path
) -> None:
    objector = listed_in(replayed[0])["patient_id"].iloc[0]
    objections = pd.DataFrame(
        {"patient_id": [objector], "kind": ["risk_stratification"], "objected_from": [date(2024, 12, 1)]}
    )

    replay(records_of({**tables, "objections": objections}), asked(spec, tmp_path / "out"))

    assert objector not in set(pd.read_parquet(tmp_path / "out" / "listed.parquet")["patient_id"])


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--from", "2024-07-01", "--to", "2024-04-01"], "the first date lies after the last"),
        (["--from", "2022-01-01", "--to", "2022-04-01"], "Too early for these records"),
        (["--from", "2026-01-01", "--to", "2026-04-01"], "Beyond the records"),
        (["--from", "2024-04-01", "--to", "2024-07-01", "--every", "often"], "is no step"),
    ],
)
def test_dates_that_cannot_be_replayed_are_told_before_any_work(
    invoke: Invoke, trust: Path, flags: list[str], said: str
) -> None:
    ended = invoke("replay", "--records", trust, *flags)

    assert ended.exit_code not in (0, 1)
    assert said in " ".join(ended.stderr.split())
    assert not Path("replay").exists()


def test_the_command_writes_the_page_of_one_date(invoke: Invoke, trust: Path, small_model: Path) -> None:
    day = ("--from", LIST_DATE, "--to", LIST_DATE)

    ended = invoke("replay", "--records", trust, "--model", small_model, *day, "--out", "replayed")

    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout.strip() == "Replay   replayed/replay.html"
    assert "MLflow run" in ended.stderr
    page = Path("replayed/replay.html").read_text()
    assert "One date alone" in page
    assert "No outcome window is over yet" in page
